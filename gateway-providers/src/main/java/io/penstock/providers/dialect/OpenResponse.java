package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.util.internal.EmptyArrays;
import io.penstock.core.body.BodyMemory;
import io.penstock.providers.TextRoom;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a stream of Responses has begun, so that it can be ended before its time: clients compare
 * the last event with the first, and read the output from it. Events are copied as they come and
 * read only then; what is over the bound is left out. Belongs to one answer.
 */
final class OpenResponse {
  /** Bytes of finished items and parts, all of which are asked for. */
  private static final int MOST_KEPT = 64 * 1024;

  /** Bytes of what begins an item or a part, which has nothing in it yet. */
  private static final int MOST_BEGUN = 4 * 1024;

  private final BodyMemory memory;
  private final TextRoom room;

  private final List<byte[]> items = new ArrayList<>(2);
  private final List<byte[]> parts = new ArrayList<>(1);
  private String id = "";
  private long createdAt;
  private byte @Nullable [] item;
  private byte @Nullable [] part;
  private byte[] text = EmptyArrays.EMPTY_BYTES;
  private int length;
  private boolean cut;
  private int kept;
  private int taken;

  OpenResponse() {
    this(BodyMemory.HEAP);
  }

  /** Creates an empty one that keeps what it notes in that memory. */
  OpenResponse(BodyMemory memory) {
    this.memory = memory;
    this.room = new TextRoom(memory);
  }

  /** Notes a field of a response, at which the keys stand. */
  void field(JsonKeys keys) {
    if (id.isEmpty() && keys.is("id") && keys.isText()) {
      id = keys.identifier();
    } else if (createdAt == 0 && keys.is("created_at")) {
      createdAt = keys.number();
    }
  }

  /** Notes an event that is no piece of text. */
  void event(String type, byte[] json, int from, int to) {
    switch (type) {
      case "response.output_item.added" -> {
        item = copy(json, from, to);
        part = null;
        forgetText();
      }
      case "response.output_item.done" -> {
        parts.forEach(done -> kept -= done.length);
        parts.clear();
        keep(items, json, from, to);
        item = null;
        part = null;
        forgetText();
      }
      case "response.content_part.added", "response.reasoning_summary_part.added" -> {
        part = copy(json, from, to);
        forgetText();
      }
      case "response.content_part.done", "response.reasoning_summary_part.done" -> {
        keep(parts, json, from, to);
        part = null;
        forgetText();
      }
      default -> {}
    }
  }

  /** Notes a piece of the open part's text, or of the open call's arguments, as JSON has it. */
  void text(byte[] json, int from, int to) {
    if (cut) {
      return;
    }
    int more = to - from;
    if (length + more > text.length) {
      int size = room.grow(text.length, length + more);
      if (size < length + more) {
        // Whole pieces, so that no escape is cut in two.
        cut = true;
        return;
      }
      text = Arrays.copyOf(text, size);
    }
    System.arraycopy(json, from, text, length, more);
    length += more;
  }

  private void forgetText() {
    length = 0;
    cut = false;
  }

  private static byte @Nullable [] copy(byte[] json, int from, int to) {
    return to - from > MOST_BEGUN ? null : Arrays.copyOfRange(json, from, to);
  }

  private void keep(List<byte[]> list, byte[] json, int from, int to) {
    int more = to - from;
    if (more > MOST_KEPT - kept) {
      return;
    }
    // What parts have given up is still this one's.
    int missing = Math.max(0, kept + more - taken);
    if (memory.take(missing)) {
      taken += missing;
      kept += more;
      list.add(Arrays.copyOfRange(json, from, to));
    }
  }

  /** Gives back the memory; what there is can still be read. */
  void close() {
    room.close();
    memory.give(taken);
    taken = 0;
  }

  /**
   * Returns the events that end it as incomplete.
   *
   * @param sequence the number of the next event
   * @param note what goes before the last one
   */
  String closing(long sequence, String reason, @Nullable String model, String note) {
    StringBuilder events = new StringBuilder();
    ArrayNode output = JsonTrees.MAPPER.createArrayNode();
    items.forEach(done -> output.add(JsonTrees.read(done, 0, done.length).path("item")));
    long next = sequence;
    byte[] begun = item;
    if (begun != null
        && JsonTrees.read(begun, 0, begun.length) instanceof ObjectNode added
        && added.get("item") instanceof ObjectNode open) {
      next = closePart(events, next, open);
      open.put("status", "incomplete");
      next = event(events, "response.output_item.done", next, added);
      output.add(open);
    }
    ObjectNode last = JsonTrees.MAPPER.createObjectNode();
    ObjectNode response = last.putObject("response");
    if (!id.isEmpty()) {
      response.put("id", id);
    }
    response.put("object", "response").put("created_at", createdAt).put("status", "incomplete");
    response.putNull("error").putObject("incomplete_details").put("reason", reason);
    response.put("model", model == null ? "" : model).set("output", output);
    // Nobody has said it.
    response.putNull("usage");
    events.append(note);
    event(events, "response.incomplete", next, last);
    return events.toString();
  }

  /** Ends the open part of an item, or gives the call its arguments as far as they came. */
  private long closePart(StringBuilder events, long sequence, ObjectNode open) {
    switch (open.path("type").asText()) {
      case "function_call" -> open.put("arguments", words());
      case "custom_tool_call" -> open.put("input", words());
      default -> {}
    }
    for (byte[] done : parts) {
      put(open, JsonTrees.read(done, 0, done.length));
    }
    byte[] begun = part;
    if (begun == null
        || !(JsonTrees.read(begun, 0, begun.length) instanceof ObjectNode added)
        || !(added.get("part") instanceof ObjectNode content)) {
      return sequence;
    }
    String type = content.path("type").asText();
    String field = type.equals("refusal") ? "refusal" : "text";
    content.put(field, words());
    ObjectNode said = added.deepCopy();
    said.remove("part");
    said.put(field, words());
    if (type.equals("output_text")) {
      said.putArray("logprobs");
    }
    String name = type.equals("summary_text") ? "reasoning_summary_text" : type;
    long next = event(events, "response." + name + ".done", sequence, said);
    next = event(events, added.path("type").asText().replace(".added", ".done"), next, added);
    put(open, added);
    return next;
  }

  private static void put(ObjectNode open, JsonNode event) {
    String list = event.has("summary_index") ? "summary" : "content";
    ArrayNode there = open.get(list) instanceof ArrayNode array ? array : open.putArray(list);
    there.add(event.path("part"));
  }

  private static long event(StringBuilder to, String type, long sequence, ObjectNode fields) {
    fields.put("type", type).put("sequence_number", sequence);
    to.append("event: ").append(type).append("\ndata: ").append(fields).append("\n\n");
    return sequence + 1;
  }

  private String words() {
    String quoted = '"' + new String(text, 0, length, StandardCharsets.UTF_8) + '"';
    byte[] json = quoted.getBytes(StandardCharsets.UTF_8);
    return JsonTrees.read(json, 0, json.length).asText();
  }
}
