package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** An Anthropic message as its events. */
final class MessagesExpansion {
  private MessagesExpansion() {}

  static void expand(ObjectNode whole, Outlet out, @Nullable String penstock) {
    if (!whole.path("content").isArray()) {
      throw Trees.malformed("the stored answer is not a message");
    }
    ObjectNode start = Trees.object().put("type", "message_start");
    ObjectNode message = whole.deepCopy();
    message.putArray("content");
    message.putNull("stop_reason").putNull("stop_sequence");
    if (message.path("usage") instanceof ObjectNode usage) {
      usage.put("output_tokens", 0);
    }
    start.set("message", message);
    out.event("message_start", start, false);
    int index = 0;
    for (JsonNode block : whole.path("content")) {
      if (block instanceof ObjectNode object) {
        block(index++, object, out);
      }
    }
    ObjectNode end = Trees.object().put("type", "message_delta");
    ObjectNode delta = end.putObject("delta");
    for (String field :
        new String[] {"stop_reason", "stop_sequence", "stop_details", "container"}) {
      if (whole.has(field)) {
        delta.set(field, whole.get(field));
      }
    }
    end.set("usage", whole.path("usage"));
    out.event("message_delta", end, false);
    if (penstock != null) {
      out.note(penstock);
    }
    out.event("message_stop", Trees.object().put("type", "message_stop"), false);
  }

  private static void block(int index, ObjectNode block, Outlet out) {
    ObjectNode opened = block.deepCopy();
    ObjectNode start = Trees.object().put("type", "content_block_start").put("index", index);
    start.set("content_block", opened);
    String type = Trees.textOr(block, "type");
    boolean emptied = true;
    switch (type) {
      case "text" -> {
        opened.put("text", "");
        opened.remove("citations");
      }
      case "thinking" -> opened.put("thinking", "").put("signature", "");
      case "tool_use", "server_tool_use" -> opened.putObject("input");
      default -> emptied = false;
    }
    out.event("content_block_start", start, !emptied);
    switch (type) {
      case "text" -> {
        delta(index, "text_delta", "text", block.path("text"), out);
        block
            .path("citations")
            .forEach(cited -> delta(index, "citations_delta", "citation", cited, out));
      }
      case "thinking" -> {
        delta(index, "thinking_delta", "thinking", block.path("thinking"), out);
        delta(index, "signature_delta", "signature", block.path("signature"), out);
      }
      case "tool_use", "server_tool_use" -> {
        ObjectNode text = Trees.object().put("json", Trees.string(block.path("input")));
        delta(index, "input_json_delta", "partial_json", text.path("json"), out);
      }
      default -> {}
    }
    ObjectNode stop = Trees.object().put("type", "content_block_stop").put("index", index);
    out.event("content_block_stop", stop, false);
  }

  private static void delta(int index, String type, String field, JsonNode value, Outlet out) {
    ObjectNode event = Trees.object().put("type", "content_block_delta").put("index", index);
    event.putObject("delta").put("type", type).set(field, value);
    out.event("content_block_delta", event, true);
  }
}
