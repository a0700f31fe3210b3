package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.price.Usage;
import io.penstock.providers.Failure;
import io.penstock.providers.translate.AnswerParts.Citation;
import io.penstock.providers.translate.AnswerParts.Finish;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/** Reads Cohere v2 chat. */
final class CohereAnswerReader extends AnswerReader {
  private final String model;

  /** Where the text of each content block begins in the answer's, in code points. */
  private final Map<Integer, Integer> starts = new HashMap<>(2);

  private int told;

  /** Whether the last event told text of the answer. */
  private boolean tellsText;

  private int tools = -1;
  private boolean wrote;
  private boolean begun;
  private boolean over;
  private Usage usage = Usage.NONE;

  CohereAnswerReader(AnswerParts parts, Function<JsonNode, Failure> errors, String model) {
    super(parts, errors);
    this.model = model;
  }

  @Override
  void whole(ObjectNode answer) {
    JsonNode message = answer.path("message");
    if (!message.isObject()) {
      throw message.isTextual() ? failure(answer) : Trees.malformed("the answer has no message");
    }
    begin(answer);
    text(Trees.textOr(message, "tool_plan"));
    JsonNode content = message.path("content");
    if (content.isTextual()) {
      text(content.textValue());
    }
    for (int i = 0; content.isArray() && i < content.size(); i++) {
      starts.put(i, told);
      content(content.get(i));
    }
    message.path("citations").forEach(this::citation);
    for (JsonNode call : message.path("tool_calls")) {
      start(call);
      arguments(call);
    }
    end(answer);
  }

  private void begin(JsonNode answer) {
    if (!begun) {
      begun = true;
      parts.start(Trees.textOr(answer, "id"), model);
    }
  }

  @Override
  void event(String type, ObjectNode data) {
    begin(data);
    tellsText = false;
    JsonNode delta = data.path("delta");
    JsonNode message = delta.path("message");
    switch (Trees.textOr(data, "type")) {
      case "content-start" -> {
        starts.put(data.path("index").asInt(), told);
        content(message.path("content"));
      }
      case "content-delta" -> content(message.path("content"));
      case "tool-plan-delta" -> text(Trees.textOr(message, "tool_plan"));
      case "tool-call-start" -> {
        start(message.path("tool_calls"));
        arguments(message.path("tool_calls"));
      }
      case "tool-call-delta" -> arguments(message.path("tool_calls"));
      case "tool-call-end" -> {
        if (!wrote) {
          parts.toolArguments(0, tools, "{}");
        }
      }
      case "citation-start" -> citation(message.path("citations"));
      case "message-end" -> end(delta);
      default -> {}
    }
  }

  private void content(JsonNode content) {
    String thought = Trees.textOr(content, "thinking");
    if (!thought.isEmpty()) {
      parts.thinking(0, thought);
    }
    text(Trees.textOr(content, "text"));
  }

  private void text(String text) {
    if (!text.isEmpty()) {
      tellsText = true;
      alsoTold(text);
      parts.text(0, text, null);
    }
  }

  @Override
  void alsoTold(String text) {
    told += tellsText ? text.codePointCount(0, text.length()) : 0;
  }

  private void start(JsonNode call) {
    tools++;
    wrote = false;
    parts.toolCall(
        0, tools, Trees.textOr(call, "id"), Trees.textOr(call.path("function"), "name"), null);
  }

  private void arguments(JsonNode call) {
    String fragment = Trees.textOr(call.path("function"), "arguments");
    if (!fragment.isEmpty()) {
      if (tools < 0) {
        throw Trees.malformed("arguments came before their tool call");
      }
      wrote = true;
      parts.toolArguments(0, tools, fragment);
    }
  }

  private void citation(JsonNode cited) {
    JsonNode document = cited.path("sources").path(0).path("document");
    int base =
        switch (Trees.textOr(cited, "type")) {
          // It rests on a thought, which is not in the text.
          case "THINKING_CONTENT" -> -1;
          case "PLAN" -> 0;
          default -> starts.getOrDefault(cited.path("content_index").asInt(), 0);
        };
    boolean known = base >= 0 && cited.has("end");
    parts.citation(
        0,
        new Citation(
            Trees.textOr(document, "url"),
            Trees.textOr(document, "title"),
            Trees.textOr(cited, "text"),
            known ? base + cited.path("start").asInt() : -1,
            known ? base + cited.path("end").asInt() : -1));
  }

  private void end(JsonNode answer) {
    usage = UsageReaders.cohere(answer.path("usage"));
    parts.reported();
    String reason = Trees.textOr(answer, "finish_reason");
    Finish finish =
        switch (reason) {
          case "COMPLETE" -> byContent(Finish.STOP, tools >= 0);
          case "STOP_SEQUENCE" -> Finish.STOP_SEQUENCE;
          case "MAX_TOKENS" -> Finish.LENGTH;
          case "TOOL_CALL" -> Finish.TOOL_CALLS;
          case "ERROR_TOXIC" -> Finish.CONTENT_FILTER;
          case "ERROR", "TIMEOUT" -> {
            tellsUsage();
            throw failure(answer);
          }
          default -> throw broken(reason.isEmpty() ? "no finish_reason" : reason);
        };
    over = true;
    parts.finish(0, finish, null);
  }

  @Override
  boolean over() {
    return over;
  }

  @Override
  boolean finished() {
    return over;
  }

  @Override
  Usage usage() {
    return usage;
  }
}
