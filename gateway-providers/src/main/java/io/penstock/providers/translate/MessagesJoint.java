package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Joins the events of Anthropic messages: the open text block goes on, later ones follow it. */
final class MessagesJoint extends Joint {
  /** The last block of the first stream. */
  private int last = -1;

  /** Whether that block still waits for its end. */
  private boolean open;

  /** Whether the other stream has begun a block. */
  private boolean begun;

  /** What is added to the other stream's numbers of blocks. */
  private int shift;

  @Override
  boolean seen(ObjectNode event) {
    return switch (Trees.textOr(event, "type")) {
      case "message_start", "ping" -> true;
      case "content_block_start" -> {
        last = event.path("index").asInt();
        open = true;
        JsonNode block = event.path("content_block");
        add(Trees.textOr(block, "text"));
        yield Trees.textOr(block, "type").equals("text");
      }
      case "content_block_delta" -> {
        JsonNode delta = event.path("delta");
        add(Trees.textOr(delta, "text"));
        yield Trees.textOr(delta, "type").equals("text_delta");
      }
      case "content_block_stop" -> {
        open = false;
        yield true;
      }
      default -> false;
    };
  }

  @Override
  void join(ObjectNode event, Outlet out) {
    switch (Trees.textOr(event, "type")) {
      case "message_start" -> {}
      case "content_block_start" -> start(event, out);
      case "content_block_delta" -> delta(event, out);
      case "content_block_stop" -> {
        open = false;
        write(shifted(event), false, out);
      }
      case "message_delta" -> {
        close(out);
        write(event, false, out);
      }
      default -> write(event, false, out);
    }
  }

  private void start(ObjectNode event, Outlet out) {
    JsonNode block = event.path("content_block");
    boolean goesOn = open && !begun && Trees.textOr(block, "type").equals("text");
    if (!begun) {
      shift = last + (goesOn ? 0 : 1) - event.path("index").asInt();
      begun = true;
    }
    if (!goesOn) {
      close(out);
      open = true;
      last = event.path("index").asInt() + shift;
      write(shifted(event), !Trees.textOr(block, "type").equals("text"), out);
    }
  }

  private void delta(ObjectNode event, Outlet out) {
    if (event.get("delta") instanceof ObjectNode delta
        && Trees.textOr(delta, "type").equals("text_delta")) {
      String fresh = fresh(Trees.textOr(delta, "text"));
      if (fresh.isEmpty()) {
        return;
      }
      delta.put("text", fresh);
    }
    write(shifted(event), true, out);
  }

  private void close(Outlet out) {
    if (open) {
      open = false;
      write(Trees.object().put("type", "content_block_stop").put("index", last), false, out);
    }
  }

  private ObjectNode shifted(ObjectNode event) {
    return event.put("index", event.path("index").asInt() + shift);
  }

  private static void write(ObjectNode event, boolean content, Outlet out) {
    out.event(Trees.textOr(event, "type"), event, content);
  }
}
