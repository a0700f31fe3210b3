package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.price.Usage;
import io.penstock.providers.Failure;
import io.penstock.providers.translate.AnswerParts.Citation;
import io.penstock.providers.translate.AnswerParts.Finish;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads Gemini's answers; a stream ends with the connection, after every finish. */
final class GeminiAnswerReader extends AnswerReader {
  private final BitSet started = new BitSet();
  private final BitSet ended = new BitSet();

  /** The choices that have more than thoughts. */
  private final BitSet told = new BitSet();

  private final Map<Integer, Integer> tools = new HashMap<>();
  private final GeminiSearches searches = new GeminiSearches();

  /** The text of each choice: Google counts its bytes. */
  private final Map<Integer, StringBuilder> texts = new HashMap<>(2);

  /** What the last event told text of; null when it told something else. */
  private @Nullable StringBuilder telling;

  private boolean whole;
  private boolean begun;
  private Usage usage = Usage.NONE;
  private @Nullable String model;

  GeminiAnswerReader(AnswerParts parts, Function<JsonNode, Failure> errors) {
    super(parts, errors);
  }

  @Override
  void whole(ObjectNode answer) {
    whole = true;
    event("", answer);
    if (!finished()) {
      throw Trees.malformed("the answer has no finishReason");
    }
  }

  @Override
  void event(String type, ObjectNode chunk) {
    telling = null;
    String named = Trees.textOr(chunk, "modelVersion");
    if (!named.isEmpty() && !named.equals(model)) {
      model = named;
      // No usage may come: what is counted then has this model's price.
      usage = usage.toBuilder().model(model).build();
    }
    if (Trees.present(chunk.get("error"))) {
      throw failure(chunk);
    }
    if (chunk.path("usageMetadata").isObject()) {
      alsoReported(chunk.path("usageMetadata"));
    }
    if (!begun) {
      begun = true;
      parts.start(Trees.textOr(chunk, "responseId"), model == null ? "" : model);
    }
    JsonNode blocked = chunk.path("promptFeedback").path("blockReason");
    if (Trees.present(blocked) && started.isEmpty()) {
      started.set(0);
      ended.set(0);
      parts.finish(0, Finish.CONTENT_FILTER, null);
    }
    for (JsonNode candidate : chunk.path("candidates")) {
      candidate(candidate);
    }
    if (chunk.path("usageMetadata").isObject()) {
      parts.reported();
    }
  }

  private void candidate(JsonNode candidate) {
    int choice = candidate.path("index").asInt();
    if (choice < 0 || choice > 127) {
      throw Trees.malformed("a candidate has the index " + choice);
    }
    started.set(choice);
    JsonNode logprobs = logprobs(candidate.path("logprobsResult"));
    for (JsonNode part : candidate.path("content").path("parts")) {
      part(choice, part, logprobs);
      // They are of the text, and text may come behind thoughts.
      if (!part.path("thought").asBoolean() && !Trees.textOr(part, "text").isEmpty()) {
        logprobs = null;
      }
    }
    JsonNode metadata = candidate.path("groundingMetadata");
    if (metadata.isObject()) {
      searches.metadata(metadata);
      usage = searches.in(usage);
    }
    for (JsonNode support : metadata.path("groundingSupports")) {
      grounding(choice, support, candidate);
    }
    String reason = Trees.text(candidate, "finishReason");
    if (reason != null && !reason.equals("FINISH_REASON_UNSPECIFIED") && !ended.get(choice)) {
      ended.set(choice);
      parts.finish(choice, finish(reason, choice), null);
    }
  }

  @Override
  String usageField() {
    return "usageMetadata";
  }

  @Override
  void alsoReported(JsonNode reported) {
    usage = searches.in(UsageReaders.gemini(reported).toBuilder().model(model).build());
    parts.reported();
  }

  @Override
  void alsoTold(String words) {
    if (telling != null) {
      telling.append(words);
    }
  }

  private void part(int choice, JsonNode part, @Nullable JsonNode logprobs) {
    String own = Trees.text(part, "thoughtSignature");
    String signature = own == null ? null : Signatures.tag(Dialect.GEMINI, own);
    if (part.has("functionCall")) {
      told.set(choice);
      JsonNode call = part.path("functionCall");
      int tool = tools.merge(choice, 0, (before, zero) -> before + 1);
      parts.toolCall(choice, tool, Trees.textOr(call, "id"), Trees.textOr(call, "name"), signature);
      JsonNode arguments = call.path("args");
      parts.toolArguments(
          choice, tool, Trees.string(arguments.isObject() ? arguments : Trees.object()));
      return;
    }
    String words = Trees.textOr(part, "text");
    if (part.path("thought").asBoolean()) {
      if (!words.isEmpty()) {
        parts.thinking(choice, words);
      }
    } else if (!words.isEmpty()) {
      told.set(choice);
      telling = texts.computeIfAbsent(choice, of -> new StringBuilder());
      telling.append(words);
      parts.text(choice, words, logprobs);
    } else if (part.has("inlineData")) {
      told.set(choice);
      JsonNode data = part.path("inlineData");
      parts.media(choice, Trees.textOr(data, "mimeType"), Trees.textOr(data, "data"), signature);
      return;
    }
    if (signature != null) {
      parts.signature(choice, signature);
    }
  }

  /**
   * Google counts bytes of UTF-8 within a part. In a stream the pieces of a part are parts of their
   * own: there the bytes are those of all the text.
   */
  private void grounding(int choice, JsonNode support, JsonNode candidate) {
    JsonNode segment = support.path("segment");
    StringBuilder text = texts.getOrDefault(choice, new StringBuilder());
    int from = whole ? before(candidate.path("content"), segment.path("partIndex").asInt()) : 0;
    byte[] bytes = text.substring(Math.min(from, text.length())).getBytes(StandardCharsets.UTF_8);
    int base = text.codePointCount(0, Math.min(from, text.length()));
    boolean known = segment.has("endIndex");
    int start = known ? base + codePoints(bytes, segment.path("startIndex").asInt()) : -1;
    int end = known ? base + codePoints(bytes, segment.path("endIndex").asInt()) : -1;
    JsonNode chunks = candidate.path("groundingMetadata").path("groundingChunks");
    for (JsonNode index : support.path("groundingChunkIndices")) {
      JsonNode web = chunks.path(index.asInt()).path("web");
      if (web.isObject()) {
        String quote = Trees.textOr(segment, "text");
        parts.citation(
            choice,
            new Citation(Trees.textOr(web, "uri"), Trees.textOr(web, "title"), quote, start, end));
      }
    }
  }

  /** Returns the characters of text in the parts before that one. */
  private static int before(JsonNode content, int part) {
    int length = 0;
    for (int i = 0; i < Math.min(part, content.path("parts").size()); i++) {
      JsonNode earlier = content.path("parts").get(i);
      length += earlier.path("thought").asBoolean() ? 0 : Trees.textOr(earlier, "text").length();
    }
    return length;
  }

  /** Returns the code points that begin within so many bytes. */
  private static int codePoints(byte[] utf8, int bytes) {
    int count = 0;
    for (int i = 0; i < Math.min(bytes, utf8.length); i++) {
      // Every byte but a continuation begins one.
      count += (utf8[i] & 0xC0) == 0x80 ? 0 : 1;
    }
    return count;
  }

  private static @Nullable JsonNode logprobs(JsonNode result) {
    JsonNode chosen = result.path("chosenCandidates");
    if (chosen.isEmpty()) {
      return null;
    }
    ArrayNode tokens = Trees.array();
    for (int i = 0; i < chosen.size(); i++) {
      ObjectNode token = token(tokens.addObject(), chosen.get(i));
      ArrayNode top = token.putArray("top_logprobs");
      for (JsonNode candidate : result.path("topCandidates").path(i).path("candidates")) {
        token(top.addObject(), candidate);
      }
    }
    return tokens;
  }

  private static ObjectNode token(ObjectNode into, JsonNode candidate) {
    into.put("token", Trees.textOr(candidate, "token"));
    return into.put("logprob", candidate.path("logProbability").asDouble()).putNull("bytes");
  }

  private Finish finish(String reason, int choice) {
    boolean called = tools.containsKey(choice);
    return switch (reason) {
      case "STOP" -> byContent(Finish.STOP, called);
      case "MAX_TOKENS" -> Finish.LENGTH;
      case "SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "RECITATION", "LANGUAGE" ->
          Finish.CONTENT_FILTER;
      case "MALFORMED_FUNCTION_CALL",
          "MALFORMED_RESPONSE",
          "MISSING_THOUGHT_SIGNATURE",
          "TOO_MANY_TOOL_CALLS",
          "UNEXPECTED_TOOL_CALL" -> {
        if (!told.get(choice)) {
          throw broken(reason);
        }
        // A call is missing: what was said before it is an answer cut short, no quiet stop.
        yield Finish.LENGTH;
      }
      default -> {
        if (reason.startsWith("IMAGE_")) {
          yield Finish.CONTENT_FILTER;
        }
        if (!told.get(choice)) {
          throw broken(reason);
        }
        yield byContent(Finish.STOP, called);
      }
    };
  }

  @Override
  boolean over() {
    return false;
  }

  @Override
  boolean finished() {
    return begun && !started.isEmpty() && ended.equals(started);
  }

  @Override
  Usage usage() {
    return usage;
  }
}
