package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import io.penstock.core.Dialect;
import io.penstock.core.price.Usage;
import io.penstock.providers.Closing;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Writes Gemini's chunks. A call is one part, so its arguments are gathered first. */
final class GenerateAnswerWriter extends AnswerWriter {
  private final StringBuilder arguments = new StringBuilder();

  /** The text of the first choice: places in it are counted in bytes. */
  private final StringBuilder said = new StringBuilder();

  private final Map<Integer, String> finishes = new TreeMap<>();

  /** The choices with words of refusal. */
  private final BitSet refused = new BitSet();

  /** The choices with a call whose arguments are not the JSON of an object. */
  private final BitSet halfCalls = new BitSet();

  private @Nullable ObjectNode pending;
  private int pendingChoice;
  private @Nullable TextEvent piece;
  private @Nullable TextEvent thoughtPiece;
  private String id = "";
  private String model = "";

  GenerateAnswerWriter(Context context, Outlet out) {
    super(context, out);
  }

  @Override
  public void start(String providerId, String providerModel) {
    id = providerId.isEmpty() ? context.id() : providerId;
    model = context.shown(providerModel);
  }

  private ObjectNode chunk() {
    ObjectNode chunk = Trees.object();
    chunk.putArray("candidates");
    return chunk.put("modelVersion", model).put("responseId", id);
  }

  private void send(int choice, ObjectNode part, boolean content) {
    out.event(null, chunk(choice, part), content);
  }

  private ObjectNode chunk(int choice, ObjectNode part) {
    ObjectNode chunk = chunk();
    ObjectNode candidate = ((ArrayNode) chunk.get("candidates")).addObject();
    candidate.putObject("content").put("role", "model").putArray("parts").add(part);
    candidate.put("index", choice);
    return chunk;
  }

  private void flush() {
    ObjectNode part = pending;
    if (part == null) {
      return;
    }
    pending = null;
    ObjectNode parsed = Trees.arguments(arguments.toString());
    arguments.setLength(0);
    if (parsed == null) {
      // It has no form here, as one that was cut short; what was said besides it has.
      halfCalls.set(pendingChoice);
      return;
    }
    ((ObjectNode) part.get("functionCall")).set("args", parsed);
    send(pendingChoice, part, true);
  }

  @Override
  public void text(int choice, String text, @Nullable JsonNode logprobs) {
    flush();
    if (text.isEmpty()) {
      return;
    }
    if (choice == 0) {
      said.append(text);
    }
    if (logprobs != null) {
      ObjectNode chunk = chunk(choice, Trees.object().put("text", text));
      ((ObjectNode) chunk.path("candidates").get(0)).set("logprobsResult", result(logprobs));
      out.event(null, chunk, true);
      return;
    }
    if (choice > 0) {
      send(choice, Trees.object().put("text", text), true);
      return;
    }
    TextEvent event = piece;
    if (event == null) {
      event = new TextEvent(chunk(0, Trees.object().put("text", TextEvent.HOLE)));
      piece = event;
    }
    out.event(null, event, 0, text);
  }

  private static ObjectNode result(JsonNode logprobs) {
    ObjectNode result = Trees.object();
    ArrayNode tops = result.putArray("topCandidates");
    ArrayNode chosen = result.putArray("chosenCandidates");
    for (JsonNode token : logprobs) {
      probability(chosen, token);
      ArrayNode candidates = tops.addObject().putArray("candidates");
      token.path("top_logprobs").forEach(top -> probability(candidates, top));
    }
    return result;
  }

  private static void probability(ArrayNode into, JsonNode token) {
    into.addObject()
        .put("token", Trees.textOr(token, "token"))
        .put("logProbability", token.path("logprob").asDouble());
  }

  @Override
  public void thinking(int choice, String text) {
    flush();
    if (choice > 0) {
      send(choice, Trees.object().put("text", text).put("thought", true), true);
      return;
    }
    TextEvent event = thoughtPiece;
    if (event == null) {
      event =
          new TextEvent(chunk(0, Trees.object().put("text", TextEvent.HOLE).put("thought", true)));
      thoughtPiece = event;
    }
    out.event(null, event, 0, text);
  }

  @Override
  public void signature(int choice, String signature) {
    flush();
    ObjectNode part = Trees.object().put("text", "").put("thought", true);
    send(choice, part.put("thoughtSignature", Signatures.base64(signature)), false);
  }

  @Override
  public void redacted(int choice, String data) {
    // Gemini has no opaque thoughts: the data goes as a signature of an empty one.
    signature(choice, Signatures.opaque(data));
  }

  @Override
  public void refusal(int choice, String text) {
    refused.set(choice);
    text(choice, text, null);
  }

  @Override
  public void toolCall(
      int choice, int tool, String callId, String name, @Nullable String signature) {
    flush();
    ObjectNode part = Trees.object();
    part.putObject("functionCall").put("id", callId(callId, id, choice, tool)).put("name", name);
    if (signature != null) {
      part.put("thoughtSignature", Signatures.base64(signature));
    }
    pending = part;
    pendingChoice = choice;
  }

  @Override
  public void toolArguments(int choice, int tool, String fragment) {
    arguments.append(fragment);
  }

  @Override
  public void citation(int choice, Citation citation) {
    ObjectNode chunk = chunk();
    ObjectNode candidate = ((ArrayNode) chunk.get("candidates")).addObject();
    ObjectNode source =
        candidate.putObject("citationMetadata").putArray("citationSources").addObject();
    source.put("uri", citation.url()).put("title", citation.title());
    if (citation.start() >= 0 && choice == 0) {
      source.put("startIndex", bytes(citation.start())).put("endIndex", bytes(citation.end()));
    }
    candidate.put("index", choice);
    out.event(null, chunk, false);
  }

  /** Returns how many bytes of UTF-8 so many code points of the text are. */
  private int bytes(int codePoints) {
    int all = said.codePointCount(0, said.length());
    int end = said.offsetByCodePoints(0, Math.min(codePoints, all));
    return said.substring(0, end).getBytes(StandardCharsets.UTF_8).length;
  }

  @Override
  public void media(int choice, String mime, String data, @Nullable String signature) {
    flush();
    ObjectNode part = Trees.object();
    part.putObject("inlineData").put("mimeType", mime).put("data", data);
    if (signature != null) {
      part.put("thoughtSignature", Signatures.base64(signature));
    }
    send(choice, part, true);
  }

  @Override
  public void finish(int choice, Finish finish, @Nullable String stopSequence) {
    flush();
    finishes.put(
        choice,
        switch (finish) {
          // OpenAI's own words of refusal come with a plain stop.
          case STOP, STOP_SEQUENCE, TOOL_CALLS ->
              refused.get(choice) && finish == Finish.STOP
                  ? "SAFETY"
                  : halfCalls.get(choice) ? "MAX_TOKENS" : "STOP";
          case LENGTH -> "MAX_TOKENS";
          case CONTENT_FILTER, REFUSAL -> "SAFETY";
        });
  }

  @Override
  void end(Usage usage, @Nullable String penstock) {
    ObjectNode chunk = chunk();
    ArrayNode candidates = (ArrayNode) chunk.get("candidates");
    for (Map.Entry<Integer, String> finish : finishes.entrySet()) {
      ObjectNode candidate = candidates.addObject();
      ObjectNode part =
          candidate.putObject("content").put("role", "model").putArray("parts").addObject();
      part.put("text", "");
      candidate.put("finishReason", finish.getValue()).put("index", finish.getKey());
    }
    if (tells(usage)) {
      chunk.set("usageMetadata", UsageWriters.gemini(usage));
    }
    out.event(null, withCost(chunk, penstock), false);
  }

  @Override
  void error(Closing.Broken why, @Nullable String penstock) {
    out.event(null, withCost(Trees.answer(why.json(Dialect.GEMINI)), penstock), false);
  }

  /**
   * Puts the cost where Google's SDKs ignore it: they fail on a comment line.
   *
   * @param penstock the JSON object that says what it cost, or null
   */
  static ObjectNode withCost(ObjectNode chunk, @Nullable String penstock) {
    if (penstock != null) {
      JsonNode usage = chunk.get("usageMetadata");
      // As it is: read as a tree, small amounts would be written with exponents.
      (usage instanceof ObjectNode there ? there : chunk)
          .putRawValue("penstock", new RawValue(penstock));
    }
    return chunk;
  }
}
