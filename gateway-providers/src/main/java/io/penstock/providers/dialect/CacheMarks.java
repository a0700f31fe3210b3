package io.penstock.providers.dialect;

import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.Endpoint;
import io.penstock.core.body.BodyPatch;
import io.penstock.core.body.JsonSpans;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.Breakpoints;
import io.penstock.providers.ProviderCall;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Splices {@code cache_control} into a Messages request. The client's own bytes stay as they are,
 * so that the prefix of the next turn is the same.
 */
final class CacheMarks {
  private static final String MARK = "\"cache_control\":{\"type\":\"ephemeral\"}";

  /** What the marks stand in; a route that writes one of these itself gets none. */
  private static final List<String> MARKED = List.of("tools", "system", "messages");

  private final RequestBody body;
  private final BodyPatch patch;

  private CacheMarks(RequestBody body, BodyPatch patch) {
    this.body = body;
    this.patch = patch;
  }

  static void splice(ProviderCall call, BodyPatch patch) {
    boolean written =
        MARKED.stream()
            .anyMatch(name -> call.set().containsKey(name) || call.defaults().containsKey(name));
    if (call.breakpoints() == Breakpoints.NONE || call.endpoint() != Endpoint.MESSAGES || written) {
      return;
    }
    CacheMarks marks = new CacheMarks(call.body(), patch);
    marks.prefix();
    if (call.breakpoints() == Breakpoints.CONVERSATION) {
      marks.conversation();
    }
  }

  /** Tools come before the system prompt: a mark behind it covers both. */
  private void prefix() {
    int system = body.indexOf("system");
    if (system >= 0 && content(body, 0, system)) {
      return;
    }
    int tools = body.indexOf("tools");
    if (tools >= 0) {
      int[] all = JsonSpans.elements(body.bytes(), body.start(tools), body.end(tools));
      if (all.length > 0 && isTool(all[all.length - 2], all[all.length - 1])) {
        patch.replace(all[all.length - 1] - 1, all[all.length - 1] - 1, "," + MARK);
      }
    }
  }

  /** A tool that is loaded when it is found cannot be marked. */
  private boolean isTool(int from, int to) {
    RequestBody tool = object(from, to);
    return tool != null && tool.fieldCount() > 0 && !tool.has("defer_loading");
  }

  private void conversation() {
    int messages = body.indexOf("messages");
    if (messages < 0) {
      return;
    }
    int[] all = JsonSpans.elements(body.bytes(), body.start(messages), body.end(messages));
    if (all.length == 0) {
      return;
    }
    int from = all[all.length - 2];
    RequestBody last = object(from, all[all.length - 1]);
    if (last != null && "user".equals(Splice.textOrNull(last, "role"))) {
      int content = last.indexOf("content");
      if (content >= 0) {
        content(last, from, content);
      }
    }
  }

  /**
   * Marks the end of a text or of a list of blocks.
   *
   * @param base where the object's bytes lie in the body
   * @return whether there was something to mark
   */
  private boolean content(RequestBody object, int base, int field) {
    int from = base + object.start(field);
    int to = base + object.end(field);
    if (object.token(field) == JsonToken.VALUE_STRING) {
      String text = object.text(object.name(field));
      if (text != null && !text.isBlank()) {
        patch.replace(from, from, "[{\"type\":\"text\",\"text\":");
        patch.replace(to, to, "," + MARK + "}]");
        return true;
      }
      return false;
    }
    int[] blocks = JsonSpans.elements(body.bytes(), from, to);
    if (blocks.length == 0) {
      return false;
    }
    int end = blocks[blocks.length - 1];
    RequestBody block = object(blocks[blocks.length - 2], end);
    if (block == null || block.fieldCount() == 0 || isEmptyText(block)) {
      return false;
    }
    patch.replace(end - 1, end - 1, "," + MARK);
    return true;
  }

  /** The API refuses a mark on an empty text. */
  private static boolean isEmptyText(RequestBody block) {
    String text = Splice.textOrNull(block, "text");
    return "text".equals(Splice.textOrNull(block, "type")) && (text == null || text.isBlank());
  }

  private @Nullable RequestBody object(int from, int to) {
    return body.bytes()[from] == '{'
        ? RequestBody.parse(Arrays.copyOfRange(body.bytes(), from, to))
        : null;
  }
}
