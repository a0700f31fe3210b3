package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The events of an Anthropic message into the message. */
final class MessagesAggregate extends Aggregate {
  private final StringBuilder input = new StringBuilder();

  /** Whether there was a call whose input is not the JSON of an object. */
  private boolean half;

  @Override
  public void event(@Nullable String name, ObjectNode data, boolean content) {
    switch (Trees.textOr(data, "type")) {
      case "message_start" -> {
        if (data.path("message") instanceof ObjectNode message) {
          answer.setAll(message.deepCopy());
        }
      }
      case "content_block_start" -> {
        input.setLength(0);
        Trees.arrayIn(answer, "content").add(data.path("content_block").deepCopy());
      }
      case "content_block_delta" -> delta(data.path("delta"));
      case "content_block_stop" -> stopBlock();
      case "message_delta" -> {
        for (Map.Entry<String, JsonNode> field : data.path("delta").properties()) {
          answer.set(field.getKey(), field.getValue());
        }
        admitHalfCall();
        ObjectNode usage = Trees.objectIn(answer, "usage");
        for (Map.Entry<String, JsonNode> field : data.path("usage").properties()) {
          if (!field.getValue().isNull()) {
            usage.set(field.getKey(), field.getValue());
          }
        }
      }
      case "message_stop" -> complete = true;
      default -> {}
    }
  }

  private @Nullable ObjectNode block() {
    ArrayNode blocks = Trees.arrayIn(answer, "content");
    return !blocks.isEmpty() && blocks.get(blocks.size() - 1) instanceof ObjectNode last
        ? last
        : null;
  }

  private void delta(JsonNode delta) {
    ObjectNode block = block();
    if (block == null) {
      return;
    }
    switch (Trees.textOr(delta, "type")) {
      case "text_delta" -> grow(block, "text", delta);
      case "thinking_delta" -> grow(block, "thinking", delta);
      case "signature_delta" -> grow(block, "signature", delta);
      case "input_json_delta" -> input.append(Trees.textOr(delta, "partial_json"));
      case "citations_delta" -> Trees.arrayIn(block, "citations").add(delta.path("citation"));
      default -> {}
    }
  }

  private static void grow(ObjectNode block, String field, JsonNode delta) {
    block.put(field, Trees.textOr(block, field) + Trees.textOr(delta, field));
  }

  private void stopBlock() {
    ObjectNode block = block();
    if (block != null && !input.isEmpty()) {
      ObjectNode parsed = Trees.arguments(input.toString());
      if (parsed != null) {
        block.set("input", parsed);
      } else {
        // It has no form in a whole message; what was said besides it has.
        half = true;
        ArrayNode blocks = Trees.arrayIn(answer, "content");
        blocks.remove(blocks.size() - 1);
      }
      input.setLength(0);
    }
  }

  /** A message that lacks a call says so. */
  private void admitHalfCall() {
    if (half && !Trees.textOr(answer, "stop_reason").equals("refusal")) {
      answer.put("stop_reason", "max_tokens");
    }
  }
}
