package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.price.Usage;
import io.penstock.providers.Failure;
import io.penstock.providers.ProviderException;
import io.penstock.providers.translate.AnswerParts.Citation;
import io.penstock.providers.translate.AnswerParts.Finish;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads chat completions, of OpenAI and of everything compatible. */
final class OpenAiAnswerReader extends AnswerReader {
  /** Sound does not say what it is: streams have this alone, whole answers mostly a file. */
  private static final String STREAMED_SOUND = "audio/L16;codec=pcm;rate=24000";

  private final long asked;
  private final BitSet started = new BitSet();
  private final BitSet ended = new BitSet();

  /** The choices that have more than thoughts. */
  private final BitSet told = new BitSet();

  private final Map<Integer, CallOrder> calls = new HashMap<>(2);

  /** The calls that the last event told arguments of, and nothing else; null: none. */
  private @Nullable CallOrder telling;

  private boolean whole;
  private boolean begun;
  private Usage usage = Usage.NONE;
  private @Nullable String model;
  private String tier = "";

  /**
   * Creates the reader.
   *
   * @param asked how many choices
   */
  OpenAiAnswerReader(AnswerParts parts, Function<JsonNode, Failure> errors, long asked) {
    super(parts, errors);
    this.asked = asked;
  }

  @Override
  void whole(ObjectNode answer) {
    if (!answer.path("choices").isArray() || answer.path("choices").isEmpty()) {
      throw Trees.present(answer.get("error"))
          ? failed(answer)
          : Trees.malformed("the answer has no choices");
    }
    whole = true;
    read(answer, "message");
    BitSet open = (BitSet) started.clone();
    open.andNot(ended);
    open.stream().forEach(this::endUnsaid);
  }

  /** Ends a choice that does not say why it stopped: what is whole has stopped. */
  private void endUnsaid(int choice) {
    if (!told.get(choice)) {
      throw Trees.malformed("the answer has no finish_reason");
    }
    end(choice, "stop");
  }

  @Override
  void event(String type, ObjectNode data) {
    if (Trees.present(data.get("error"))) {
      throw failed(data);
    }
    telling = null;
    read(data, "delta");
  }

  private ProviderException failed(ObjectNode answer) {
    answeredBy(Trees.textOr(answer, "model"), Trees.textOr(answer, "service_tier"));
    return failure(answer);
  }

  @Override
  void alsoTold(String text) {
    if (telling != null) {
      telling.told(text);
    }
  }

  @Override
  String usageField() {
    return "usage";
  }

  @Override
  void alsoReported(JsonNode reported) {
    usage = named(UsageReaders.openAiChat(reported));
    parts.reported();
  }

  private Usage named(Usage read) {
    return read.toBuilder().model(model).serviceTier(UsageReaders.tier(tier)).build();
  }

  private void read(ObjectNode chunk, String field) {
    JsonNode choices = chunk.path("choices");
    JsonNode reported = chunk.path("usage");
    if (!reported.isObject()) {
      reported = chunk.path("x_groq").path("usage");
    }
    answeredBy(Trees.textOr(chunk, "model"), Trees.textOr(chunk, "service_tier"));
    if (reported.isObject()) {
      alsoReported(reported);
    }
    if (!begun && !choices.isEmpty()) {
      begun = true;
      parts.start(Trees.textOr(chunk, "id"), Trees.textOr(chunk, "model"));
    }
    for (JsonNode choice : choices) {
      int index = choice.path("index").asInt();
      if (index < 0 || index > 127) {
        throw Trees.malformed("a choice has the index " + index);
      }
      started.set(index);
      message(index, choice.path(field), choice.path("logprobs").path("content"));
      String finish = Trees.text(choice, "finish_reason");
      if (finish != null && !finish.isEmpty() && !ended.get(index)) {
        end(index, finish);
      }
    }
    if (reported.isObject()) {
      // Of all that this chunk has, wherever it says so.
      parts.reported();
    }
  }

  /** Not every chunk says them, the one with the usage neither. */
  private void answeredBy(String named, String charged) {
    boolean isNew =
        (!named.isEmpty() && !named.equals(model)) || (!charged.isEmpty() && !charged.equals(tier));
    if (isNew) {
      model = named.isEmpty() ? model : named;
      tier = charged.isEmpty() ? tier : charged;
      // No usage may come: what is counted then has the price of these.
      usage = named(usage);
    }
  }

  private void end(int choice, String finish) {
    ended.set(choice);
    CallOrder made = calls.get(choice);
    if (made != null) {
      made.end();
    }
    parts.finish(choice, finish(finish, made != null), null);
  }

  private void message(int choice, JsonNode message, JsonNode logprobs) {
    String thought = Trees.text(message, "reasoning_content");
    thought = thought == null ? Trees.text(message, "reasoning") : thought;
    if (thought != null && !thought.isEmpty()) {
      parts.thinking(choice, thought);
    }
    content(
        choice,
        message.path("content"),
        logprobs.isArray() && !logprobs.isEmpty() ? logprobs : null);
    String refusal = Trees.textOr(message, "refusal");
    if (!refusal.isEmpty()) {
      told.set(choice);
      parts.refusal(choice, refusal);
    }
    media(choice, message);
    for (JsonNode annotation : message.path("annotations")) {
      JsonNode cited = annotation.path("url_citation");
      parts.citation(
          choice,
          new Citation(
              Trees.textOr(cited, "url"),
              Trees.textOr(cited, "title"),
              "",
              cited.path("start_index").asInt(-1),
              cited.path("end_index").asInt(-1)));
    }
    int position = 0;
    for (JsonNode call : message.path("tool_calls")) {
      call(choice, call.path("index").asInt(position), call);
      position++;
    }
    if (message.path("function_call").isObject()) {
      call(choice, 0, Trees.object().put("id", "").set("function", message.get("function_call")));
    }
  }

  /** OpenAI's sound, and images as OpenRouter has them. */
  private void media(int choice, JsonNode message) {
    for (JsonNode image : message.path("images")) {
      String url = Trees.textOr(image.path("image_url"), "url");
      int comma = url.indexOf(";base64,");
      if (!RequestReader.isData(url) || comma < 0) {
        throw Trees.untranslatable(
            "the model answered with an image behind a URL, which has no form for this client");
      }
      told.set(choice);
      parts.media(
          choice,
          url.substring(url.indexOf(':') + 1, comma),
          url.substring(comma + ";base64,".length()),
          null);
    }
    String sound = Trees.textOr(message.path("audio"), "data");
    if (!sound.isEmpty()) {
      told.set(choice);
      parts.media(choice, whole ? "audio/wav" : STREAMED_SOUND, sound, null);
    }
  }

  /** Content is text; Mistral's reasoning models send a list of parts. */
  private void content(int choice, JsonNode content, @Nullable JsonNode logprobs) {
    if (content.isTextual()) {
      if (!content.textValue().isEmpty()) {
        told.set(choice);
        parts.text(choice, content.textValue(), logprobs);
      }
      return;
    }
    for (JsonNode part : content) {
      if (Trees.textOr(part, "type").equals("thinking")) {
        part.path("thinking")
            .forEach(thought -> parts.thinking(choice, Trees.textOr(thought, "text")));
      } else if (!Trees.textOr(part, "text").isEmpty()) {
        told.set(choice);
        parts.text(choice, Trees.textOr(part, "text"), null);
      }
    }
  }

  private void call(int choice, int tool, JsonNode call) {
    told.set(choice);
    JsonNode function = call.path("function");
    String name = Trees.textOr(function, "name");
    CallOrder order = calls.computeIfAbsent(choice, of -> new CallOrder(parts, of));
    if (!name.isEmpty()) {
      order.begin(tool, Trees.textOr(call, "id"), name);
    }
    JsonNode arguments = function.path("arguments");
    String fragment = arguments.isObject() ? Trees.string(arguments) : arguments.asText("");
    if (!fragment.isEmpty()) {
      telling = order.arguments(tool, fragment) ? order : null;
    }
  }

  private Finish finish(String reason, boolean called) {
    return switch (reason) {
      case "length", "max_tokens", "model_length" -> Finish.LENGTH;
      case "tool_calls", "function_call" -> Finish.TOOL_CALLS;
      case "content_filter" -> Finish.CONTENT_FILTER;
      case "error" -> throw broken(reason);
      default -> byContent(Finish.STOP, called);
    };
  }

  /** The end is {@code [DONE]}, which is no JSON: the stream's driver sees it. */
  @Override
  boolean over() {
    return false;
  }

  @Override
  boolean lacks() {
    return started.cardinality() < asked;
  }

  @Override
  boolean finished() {
    return begun && ended.equals(started);
  }

  @Override
  Usage usage() {
    return usage;
  }
}
