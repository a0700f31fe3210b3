package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A chat completion as chunks: the role, everything said, the finish, the usage. */
final class ChatExpansion {
  private ChatExpansion() {}

  static void expand(
      ObjectNode whole, Outlet out, boolean includeUsage, @Nullable String penstock) {
    ObjectNode frame = whole.deepCopy();
    JsonNode usage = frame.remove("usage");
    boolean legacy = Trees.textOr(whole, "object").equals("text_completion");
    frame.put("object", legacy ? "text_completion" : "chat.completion.chunk");
    for (JsonNode choice : whole.path("choices")) {
      if (legacy) {
        send(frame, choice.deepCopy(), out, true);
      } else {
        choice(frame, choice, out);
      }
    }
    if (includeUsage && usage != null && usage.isObject()) {
      ObjectNode chunk = frame.deepCopy();
      chunk.putArray("choices");
      ObjectNode shown = usage.deepCopy();
      if (penstock != null) {
        shown.putRawValue("penstock", new RawValue(penstock));
      }
      chunk.set("usage", shown);
      out.event(null, chunk, false);
    } else if (penstock != null) {
      out.note(penstock);
    }
    out.done();
  }

  private static void choice(ObjectNode frame, JsonNode choice, Outlet out) {
    JsonNode index = choice.path("index");
    ObjectNode role = Trees.object();
    role.set("index", index);
    role.putObject("delta").put("role", "assistant").put("content", "");
    role.putNull("finish_reason");
    send(frame, role, out, false);
    ObjectNode said = Trees.object();
    said.set("index", index);
    ObjectNode delta = said.putObject("delta");
    for (Map.Entry<String, JsonNode> field : choice.path("message").properties()) {
      JsonNode value = field.getValue();
      if (field.getKey().equals("tool_calls")) {
        calls(delta, value);
      } else if (!field.getKey().equals("role") && !value.isNull()) {
        delta.set(field.getKey(), value);
      }
    }
    if (Trees.present(choice.get("logprobs"))) {
      said.set("logprobs", choice.get("logprobs"));
    }
    said.putNull("finish_reason");
    send(frame, said, out, true);
    ObjectNode finish = Trees.object();
    finish.set("index", index);
    finish.putObject("delta");
    finish.set("finish_reason", choice.path("finish_reason"));
    send(frame, finish, out, false);
  }

  private static void calls(ObjectNode delta, JsonNode calls) {
    int index = 0;
    for (JsonNode call : calls) {
      ObjectNode written = Trees.arrayIn(delta, "tool_calls").addObject().put("index", index++);
      call.properties().forEach(field -> written.set(field.getKey(), field.getValue()));
    }
  }

  private static void send(ObjectNode frame, JsonNode choice, Outlet out, boolean content) {
    ObjectNode chunk = frame.deepCopy();
    chunk.putArray("choices").add(choice);
    out.event(null, chunk, content);
  }
}
