package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.price.Usage;
import io.penstock.providers.Failure;
import io.penstock.providers.translate.AnswerParts.Citation;
import io.penstock.providers.translate.AnswerParts.Finish;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads Anthropic messages. */
final class AnthropicAnswerReader extends AnswerReader {
  private final CitedBlocks cited;
  private final AnthropicUsage fields = new AnthropicUsage();
  private Usage usage = Usage.NONE;
  private @Nullable String model;
  private int tools = -1;
  private String block = "";
  private boolean wrote;

  /** What the block's start says that its call is given. */
  private JsonNode input = MissingNode.getInstance();

  private boolean begun;
  private boolean stopped;
  private boolean over;

  AnthropicAnswerReader(AnswerParts parts, Function<JsonNode, Failure> errors) {
    super(parts, errors);
    this.cited = new CitedBlocks(parts);
  }

  @Override
  void whole(ObjectNode answer) {
    if (Trees.textOr(answer, "type").equals("error")) {
      throw failure(answer);
    }
    if (!answer.path("content").isArray()) {
      throw Trees.malformed("the answer has no content");
    }
    start(answer);
    for (JsonNode part : answer.path("content")) {
      begin(part);
      end();
    }
    stop(answer, answer.path("stop_details"));
    if (!stopped) {
      throw Trees.malformed("the answer has no stop_reason");
    }
    over = true;
  }

  private void start(JsonNode message) {
    begun = true;
    model = Trees.text(message, "model");
    report(message.path("usage"));
    parts.start(Trees.textOr(message, "id"), model == null ? "" : model);
  }

  @Override
  void event(String type, ObjectNode data) {
    cited.nextEvent();
    switch (Trees.textOr(data, "type")) {
      case "message_start" -> start(data.path("message"));
      case "content_block_start" -> begin(data.path("content_block"));
      case "content_block_delta" -> delta(data.path("delta"));
      case "content_block_stop" -> end();
      case "message_delta" -> {
        report(data.path("usage"));
        stop(data.path("delta"), data.path("delta").path("stop_details"));
        // What is told of the output before there is any is no count of it.
        if (data.path("usage").hasNonNull("output_tokens")) {
          parts.reported();
        }
      }
      case "message_stop" -> over = true;
      case "error" -> throw failure(data);
      // New events must be ignored, says the protocol; ping is one.
      default -> {}
    }
  }

  @Override
  void alsoTold(String text) {
    cited.alsoTold(text);
  }

  private void report(JsonNode reported) {
    fields.merge(reported);
    usage = fields.toUsage().toBuilder().model(model).build();
  }

  private void begin(JsonNode start) {
    if (!begun) {
      throw Trees.malformed("a content block came before message_start");
    }
    block = Trees.textOr(start, "type");
    wrote = false;
    switch (block) {
      case "text" -> {
        cited.text(Trees.textOr(start, "text"));
        start.path("citations").forEach(this::citation);
      }
      case "thinking" -> {
        String thought = Trees.textOr(start, "thinking");
        if (!thought.isEmpty()) {
          parts.thinking(0, thought);
        }
        signature(Trees.textOr(start, "signature"));
      }
      case "redacted_thinking" ->
          parts.redacted(0, Signatures.tag(Dialect.ANTHROPIC, Trees.textOr(start, "data")));
      case "tool_use" -> {
        tools++;
        input = start.path("input");
        parts.toolCall(0, tools, Trees.textOr(start, "id"), Trees.textOr(start, "name"), null);
      }
      // What server tools did has no counterpart; their findings are in the text.
      default -> {}
    }
  }

  private void end() {
    // Pieces may not follow; then the start had it all. JSON text is never empty.
    if (block.equals("tool_use") && !wrote) {
      parts.toolArguments(0, tools, Trees.string(input.isObject() ? input : Trees.object()));
    }
    cited.end();
    block = "";
    input = MissingNode.getInstance();
  }

  private void delta(JsonNode delta) {
    switch (Trees.textOr(delta, "type")) {
      case "text_delta" -> cited.text(Trees.textOr(delta, "text"));
      case "thinking_delta" -> parts.thinking(0, Trees.textOr(delta, "thinking"));
      case "signature_delta" -> signature(Trees.textOr(delta, "signature"));
      case "citations_delta" -> citation(delta.path("citation"));
      case "input_json_delta" -> {
        String fragment = Trees.textOr(delta, "partial_json");
        if (block.equals("tool_use") && !fragment.isEmpty()) {
          wrote = true;
          parts.toolArguments(0, tools, fragment);
        }
      }
      default -> {}
    }
  }

  private void signature(String signature) {
    if (!signature.isEmpty()) {
      parts.signature(0, Signatures.tag(Dialect.ANTHROPIC, signature));
    }
  }

  private void citation(JsonNode source) {
    String title = Trees.text(source, "title");
    cited.cite(
        new Citation(
            Trees.textOr(source, "url"),
            title == null ? Trees.textOr(source, "document_title") : title,
            Trees.textOr(source, "cited_text"),
            -1,
            -1));
  }

  private void stop(JsonNode delta, JsonNode details) {
    String reason = Trees.text(delta, "stop_reason");
    if (reason == null || stopped) {
      return;
    }
    Finish finish =
        switch (reason) {
          case "stop_sequence" -> Finish.STOP_SEQUENCE;
          case "max_tokens", "model_context_window_exceeded" -> Finish.LENGTH;
          case "tool_use" -> Finish.TOOL_CALLS;
          case "refusal" -> Finish.REFUSAL;
          // It would take another call with the provider's own blocks; a quiet stop would lie.
          case "pause_turn" -> throw broken(reason);
          default -> byContent(Finish.STOP, tools >= 0);
        };
    if (finish == Finish.REFUSAL && !Trees.textOr(details, "explanation").isEmpty()) {
      parts.refusal(0, Trees.textOr(details, "explanation"));
    }
    stopped = true;
    parts.finish(0, finish, Trees.text(delta, "stop_sequence"));
  }

  @Override
  boolean over() {
    return over;
  }

  @Override
  boolean finished() {
    return over && stopped;
  }

  @Override
  Usage usage() {
    return usage;
  }
}
