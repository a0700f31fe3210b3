package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import io.penstock.core.Dialect;
import io.penstock.core.price.Usage;
import io.penstock.providers.Closing;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes chat completion chunks. */
final class ChatAnswerWriter extends AnswerWriter {
  private final boolean showUsage;
  private final boolean functions;
  private final StringBuilder thought = new StringBuilder();
  private final BitSet begun = new BitSet();

  /** How many entries each list of each choice has, by name and choice. */
  private final Map<String, Integer> listed = new HashMap<>(2);

  private @Nullable TextEvent piece;
  private @Nullable TextEvent thoughtPiece;

  /** The next fragment of arguments of call {@link #argumentsOf} of the first choice. */
  private @Nullable TextEvent argumentsPiece;

  private int argumentsOf = -1;
  private String id = "";
  private String model = "";

  ChatAnswerWriter(Context context, Outlet out, boolean showUsage) {
    super(context, out);
    this.showUsage = showUsage;
    this.functions = context.request().has("functions");
  }

  @Override
  public void start(String providerId, String providerModel) {
    String own = providerId.isEmpty() ? context.id() : providerId;
    id = own.startsWith("chatcmpl-") ? own : "chatcmpl-" + own;
    model = context.shown(providerModel);
    begin(0);
  }

  /** The first chunk of a choice has the role. */
  private void begin(int choice) {
    if (!begun.get(choice)) {
      begun.set(choice);
      ObjectNode delta = Trees.object().put("role", "assistant").put("content", "");
      send(choice, delta, null, null, false);
    }
  }

  private void send(
      int choice,
      ObjectNode delta,
      @Nullable JsonNode logprobs,
      @Nullable String finish,
      boolean content) {
    out.event(null, chunk(choice, delta, logprobs, finish), content);
  }

  private ObjectNode chunk(
      int choice, ObjectNode delta, @Nullable JsonNode logprobs, @Nullable String finish) {
    ObjectNode chunk = chunk();
    ObjectNode written = chunk.putArray("choices").addObject().put("index", choice);
    written.set("delta", delta);
    if (logprobs != null) {
      written.putObject("logprobs").set("content", logprobs);
    }
    written.put("finish_reason", finish);
    return chunk;
  }

  private ObjectNode chunk() {
    return Trees.object()
        .put("id", id)
        .put("object", "chat.completion.chunk")
        .put("created", context.created())
        .put("model", model);
  }

  @Override
  public void text(int choice, String text, @Nullable JsonNode logprobs) {
    begin(choice);
    if (choice > 0 || logprobs != null) {
      send(choice, Trees.object().put("content", text), logprobs, null, true);
      return;
    }
    TextEvent event = piece;
    if (event == null) {
      event = new TextEvent(chunk(0, Trees.object().put("content", TextEvent.HOLE), null, null));
      piece = event;
    }
    out.event(null, event, 0, text);
  }

  @Override
  public void thinking(int choice, String text) {
    begin(choice);
    thought.append(text);
    if (choice > 0) {
      send(choice, Trees.object().put("reasoning_content", text), null, null, true);
      return;
    }
    TextEvent event = thoughtPiece;
    if (event == null) {
      ObjectNode delta = Trees.object().put("reasoning_content", TextEvent.HOLE);
      event = new TextEvent(chunk(0, delta, null, null));
      thoughtPiece = event;
    }
    out.event(null, event, 0, text);
  }

  /** Chat has no signatures: they travel in {@code reasoning_details}, each with its thought. */
  @Override
  public void signature(int choice, String signature) {
    ObjectNode delta = Trees.object();
    entry(choice, delta, "reasoning_details")
        .put("type", "reasoning.text")
        .put("text", thought.toString())
        .put("signature", signature);
    thought.setLength(0);
    begin(choice);
    send(choice, delta, null, null, false);
  }

  @Override
  public void redacted(int choice, String data) {
    ObjectNode delta = Trees.object();
    entry(choice, delta, "reasoning_details").put("type", "reasoning.encrypted").put("data", data);
    begin(choice);
    send(choice, delta, null, null, false);
  }

  /**
   * Adds an entry with its place in the list: OpenAI's SDKs put a list in pieces together by it.
   */
  private ObjectNode entry(int choice, ObjectNode delta, String list) {
    int index = listed.merge(list + choice, 1, Integer::sum) - 1;
    return delta.putArray(list).addObject().put("index", index);
  }

  @Override
  public void refusal(int choice, String text) {
    begin(choice);
    send(choice, Trees.object().put("refusal", text), null, null, true);
  }

  /** The old shape has one call: the model makes the next one when it sees the first's result. */
  @Override
  public void toolCall(
      int choice, int tool, String callId, String name, @Nullable String signature) {
    begin(choice);
    if (functions && tool > 0) {
      return;
    }
    thought.setLength(0);
    ObjectNode delta = Trees.object();
    ObjectNode function;
    if (functions) {
      function = delta.putObject("function_call");
    } else {
      ObjectNode call = delta.putArray("tool_calls").addObject().put("index", tool);
      call.put("id", callId(callId, id, choice, tool)).put("type", "function");
      function = call.putObject("function");
      if (signature != null) {
        sign(call, signature);
      }
    }
    function.put("name", name).put("arguments", "");
    send(choice, delta, null, null, true);
  }

  private static void sign(ObjectNode entry, String signature) {
    entry.putObject("extra_content").putObject("google").put("thought_signature", signature);
  }

  @Override
  public void toolArguments(int choice, int tool, String fragment) {
    if (functions && tool > 0) {
      return;
    }
    if (choice > 0) {
      send(choice, arguments(tool, fragment), null, null, true);
      return;
    }
    TextEvent event = argumentsPiece;
    if (event == null || argumentsOf != tool) {
      event = new TextEvent(chunk(0, arguments(tool, TextEvent.HOLE), null, null));
      argumentsPiece = event;
      argumentsOf = tool;
    }
    out.event(null, event, 0, fragment);
  }

  private ObjectNode arguments(int tool, String fragment) {
    ObjectNode delta = Trees.object();
    if (functions) {
      delta.putObject("function_call").put("arguments", fragment);
    } else {
      ObjectNode call = delta.putArray("tool_calls").addObject().put("index", tool);
      call.putObject("function").put("arguments", fragment);
    }
    return delta;
  }

  @Override
  public void citation(int choice, Citation citation) {
    ObjectNode delta = Trees.object();
    if (citation.url().isEmpty()) {
      // A passage of a document has no form at OpenAI: an extension.
      ObjectNode cited = entry(choice, delta, "citations");
      cited.put("title", citation.title()).put("quote", citation.quote());
      if (citation.start() >= 0) {
        cited.put("start_index", citation.start()).put("end_index", citation.end());
      }
    } else {
      ObjectNode cited = entry(choice, delta, "annotations").put("type", "url_citation");
      cited
          .putObject("url_citation")
          .put("url", citation.url())
          .put("title", citation.title())
          .put("start_index", Math.max(0, citation.start()))
          .put("end_index", Math.max(0, citation.end()));
    }
    send(choice, delta, null, null, false);
  }

  @Override
  public void media(int choice, String mime, String data, @Nullable String signature) {
    begin(choice);
    ObjectNode delta = Trees.object();
    if (mime.startsWith("audio/")) {
      delta.putObject("audio").put("id", "audio_" + id).put("data", data);
    } else {
      ObjectNode image = entry(choice, delta, "images").put("type", "image_url");
      image.putObject("image_url").put("url", "data:" + mime + ";base64," + data);
      if (signature != null) {
        sign(image, signature);
      }
    }
    send(choice, delta, null, null, true);
  }

  @Override
  public void finish(int choice, Finish finish, @Nullable String stopSequence) {
    begin(choice);
    String word = finish == Finish.REFUSAL ? "content_filter" : finish.word();
    boolean old = functions && finish == Finish.TOOL_CALLS;
    send(choice, Trees.object(), null, old ? "function_call" : word, false);
  }

  @Override
  void end(Usage usage, @Nullable String penstock) {
    if (showUsage && tells(usage)) {
      ObjectNode chunk = chunk();
      chunk.putArray("choices");
      ObjectNode written = UsageWriters.chat(usage);
      if (penstock != null) {
        written.putRawValue("penstock", new RawValue(penstock));
      }
      chunk.set("usage", written);
      out.event(null, chunk, false);
    } else {
      note(penstock);
    }
    out.done();
  }

  @Override
  void error(Closing.Broken why, @Nullable String penstock) {
    note(penstock);
    out.event(null, Trees.answer(why.json(Dialect.OPENAI)), false);
    out.done();
  }
}
