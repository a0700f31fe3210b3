package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.price.Usage;
import io.penstock.providers.Failure;
import io.penstock.providers.ProviderException;
import io.penstock.providers.translate.AnswerParts.Citation;
import io.penstock.providers.translate.AnswerParts.Finish;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads Bedrock Converse; in streams the usage comes last, after the stop. */
final class ConverseAnswerReader extends AnswerReader {
  private final String model;
  private final CitedBlocks cited;
  private int tools = -1;
  private boolean inTool;
  private boolean wrote;

  private boolean begun;
  private boolean stopped;
  private boolean over;

  /** Why no client can be told how it stopped; in a stream that is said once the usage came. */
  private @Nullable ProviderException unsayable;

  private Usage usage = Usage.NONE;

  ConverseAnswerReader(AnswerParts parts, Function<JsonNode, Failure> errors, String model) {
    super(parts, errors);
    this.model = model;
    this.cited = new CitedBlocks(parts);
  }

  @Override
  void whole(ObjectNode answer) {
    JsonNode content = answer.path("output").path("message").path("content");
    if (!content.isArray()) {
      throw Trees.malformed("the answer has no message");
    }
    begin();
    // First: what is written of the answer may have no form.
    usage(answer);
    for (JsonNode block : content) {
      block(block);
      cited.end();
    }
    stop(answer);
    if (unsayable != null) {
      throw unsayable;
    }
    if (!stopped) {
      throw Trees.malformed("the answer has no stopReason");
    }
  }

  private void begin() {
    if (!begun) {
      begun = true;
      parts.start("", model);
    }
  }

  private void block(JsonNode block) {
    if (block.has("toolUse")) {
      JsonNode use = block.path("toolUse");
      tools++;
      call(tools, Trees.textOr(use, "toolUseId"), Trees.textOr(use, "name"), use.path("input"));
    } else if (block.has("reasoningContent")) {
      JsonNode thought = block.path("reasoningContent");
      JsonNode readable = thought.path("reasoningText");
      reasoning(readable.isObject() ? readable : thought);
    } else if (block.has("citationsContent")) {
      for (JsonNode part : block.path("citationsContent").path("content")) {
        cited.text(Trees.textOr(part, "text"));
      }
      block.path("citationsContent").path("citations").forEach(this::citation);
    } else {
      cited.text(Trees.textOr(block, "text"));
    }
  }

  private void citation(JsonNode source) {
    cited.cite(
        new Citation(
            Trees.textOr(source.path("location").path("web"), "url"),
            Trees.textOr(source, "title"),
            Trees.textOr(source.path("sourceContent").path(0), "text"),
            -1,
            -1));
  }

  @Override
  void alsoTold(String text) {
    cited.alsoTold(text);
  }

  private void reasoning(JsonNode thought) {
    String text = Trees.textOr(thought, "text");
    String signature = Trees.textOr(thought, "signature");
    String redacted = Trees.textOr(thought, "redactedContent");
    if (!text.isEmpty()) {
      parts.thinking(0, text);
    }
    if (!signature.isEmpty()) {
      parts.signature(0, Signatures.tag(Dialect.BEDROCK, signature));
    }
    if (!redacted.isEmpty()) {
      parts.redacted(0, Signatures.tag(Dialect.BEDROCK, redacted));
    }
  }

  @Override
  void event(String type, ObjectNode data) {
    begin();
    cited.nextEvent();
    switch (type) {
      case "contentBlockStart" -> {
        JsonNode use = data.path("start").path("toolUse");
        inTool = use.isObject();
        wrote = false;
        if (inTool) {
          tools++;
          parts.toolCall(0, tools, Trees.textOr(use, "toolUseId"), Trees.textOr(use, "name"), null);
        }
      }
      case "contentBlockDelta" -> delta(data.path("delta"));
      case "contentBlockStop" -> {
        if (inTool && !wrote) {
          parts.toolArguments(0, tools, "{}");
        }
        cited.end();
        inTool = false;
      }
      case "messageStop" -> stop(data);
      case "metadata" -> {
        usage(data);
        over = stopped;
        if (unsayable != null) {
          throw unsayable;
        }
      }
      default -> {
        if (type.endsWith("Exception")) {
          throw failure(
              Trees.object().put("code", type).put("message", Trees.textOr(data, "message")));
        }
      }
    }
  }

  private void delta(JsonNode delta) {
    if (delta.has("toolUse")) {
      String fragment = Trees.textOr(delta.path("toolUse"), "input");
      if (inTool && !fragment.isEmpty()) {
        wrote = true;
        parts.toolArguments(0, tools, fragment);
      }
    } else if (delta.has("citation")) {
      citation(delta.path("citation"));
    } else if (delta.has("reasoningContent")) {
      reasoning(delta.path("reasoningContent"));
    } else {
      cited.text(Trees.textOr(delta, "text"));
    }
  }

  private void stop(JsonNode answer) {
    String reason = Trees.text(answer, "stopReason");
    if (reason == null) {
      return;
    }
    boolean malformed =
        reason.equals("malformed_model_output") || reason.equals("malformed_tool_use");
    if (malformed && !cited.hasText()) {
      unsayable = broken(reason);
      return;
    }
    Finish finish =
        switch (reason) {
          case "stop_sequence" -> Finish.STOP_SEQUENCE;
          case "max_tokens", "model_context_window_exceeded" -> Finish.LENGTH;
          // What was said before it is an answer cut short, no quiet stop.
          case "malformed_model_output", "malformed_tool_use" -> Finish.LENGTH;
          case "tool_use" -> Finish.TOOL_CALLS;
          case "content_filtered", "guardrail_intervened", "refusal" -> Finish.CONTENT_FILTER;
          default -> byContent(Finish.STOP, tools >= 0);
        };
    stopped = true;
    parts.finish(0, finish, null);
  }

  private void usage(JsonNode answer) {
    usage =
        UsageReaders.bedrockConverse(answer.path("usage")).toBuilder()
            .serviceTier(UsageReaders.tier(answer.path("serviceTier").path("type").asText("")))
            .build();
    parts.reported();
  }

  @Override
  boolean over() {
    return over;
  }

  @Override
  boolean finished() {
    return stopped;
  }

  @Override
  Usage usage() {
    return usage;
  }
}
