package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Joins chunks of chat completions: one id, one role, one text. */
final class ChatJoint extends Joint {
  private @Nullable ObjectNode first;

  @Override
  boolean seen(ObjectNode chunk) {
    if (chunk.has("error")) {
      return false;
    }
    JsonNode choices = chunk.path("choices");
    if (first == null && !choices.isEmpty()) {
      first = chunk;
    }
    for (JsonNode choice : choices) {
      if (choice.path("index").asInt() != 0
          || Trees.present(choice.get("finish_reason"))
          || Trees.present(choice.get("logprobs"))
          || !isText(choice.path("delta"))) {
        return false;
      }
      add(Trees.textOr(choice.path("delta"), "content"));
    }
    return true;
  }

  private static boolean isText(JsonNode delta) {
    for (Map.Entry<String, JsonNode> field : delta.properties()) {
      JsonNode value = field.getValue();
      boolean plain =
          switch (field.getKey()) {
            case "role" -> true;
            case "content" -> value.isTextual() || value.isNull();
            default -> value.isNull() || (value.isContainerNode() && value.isEmpty());
          };
      if (!plain) {
        return false;
      }
    }
    return true;
  }

  @Override
  void join(ObjectNode chunk, Outlet out) {
    if (chunk.get("choices") instanceof ArrayNode choices && !choices.isEmpty()) {
      boolean content = false;
      for (Iterator<JsonNode> each = choices.iterator(); each.hasNext(); ) {
        JsonNode choice = each.next();
        boolean says = choice.get("delta") instanceof ObjectNode delta && trim(delta);
        content |= says;
        if (!says && !Trees.present(choice.get("finish_reason"))) {
          each.remove();
        }
      }
      if (choices.isEmpty() && !Trees.present(chunk.get("usage"))) {
        return;
      }
      write(chunk, content, out);
    } else {
      write(chunk, false, out);
    }
  }

  private void write(ObjectNode chunk, boolean content, Outlet out) {
    if (first != null && !chunk.has("error")) {
      keep(chunk, first, "id", "created", "model", "system_fingerprint", "service_tier");
    }
    out.event(null, chunk, content);
  }

  /** The role has been said; returns whether the delta says anything else. */
  private boolean trim(ObjectNode delta) {
    delta.remove("role");
    String content = Trees.text(delta, "content");
    if (content != null) {
      String fresh = fresh(content);
      delta.put("content", fresh);
      return !fresh.isEmpty() || delta.size() > 1;
    }
    return !delta.isEmpty();
  }
}
