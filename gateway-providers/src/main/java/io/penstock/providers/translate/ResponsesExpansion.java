package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** A response as its events, item by item. */
final class ResponsesExpansion {
  private final Outlet out;
  private int sequence;

  private ResponsesExpansion(Outlet out) {
    this.out = out;
  }

  static void expand(ObjectNode whole, Outlet out, @Nullable String penstock) {
    if (!whole.path("output").isArray()) {
      throw Trees.malformed("the stored answer is not a response");
    }
    ResponsesExpansion events = new ResponsesExpansion(out);
    ObjectNode begun = whole.deepCopy().put("status", "in_progress");
    begun.putArray("output");
    begun.putNull("usage").putNull("incomplete_details");
    events.response("response.created", begun);
    events.response("response.in_progress", begun);
    int index = 0;
    for (JsonNode item : whole.path("output")) {
      if (item instanceof ObjectNode object) {
        events.item(index++, object);
      }
    }
    if (penstock != null) {
      out.note(penstock);
    }
    boolean incomplete = Trees.textOr(whole, "status").equals("incomplete");
    events.response(incomplete ? "response.incomplete" : "response.completed", whole);
  }

  private ObjectNode event(String type) {
    return Trees.object().put("type", type).put("sequence_number", sequence++);
  }

  private void send(ObjectNode event, boolean content) {
    out.event(Trees.textOr(event, "type"), event, content);
  }

  private void response(String type, ObjectNode response) {
    ObjectNode event = event(type);
    event.set("response", response);
    send(event, false);
  }

  private void item(int index, ObjectNode item) {
    String type = Trees.textOr(item, "type");
    ObjectNode opened = item.deepCopy();
    switch (type) {
      case "message" -> opened.put("status", "in_progress").putArray("content");
      case "function_call" -> opened.put("status", "in_progress").put("arguments", "");
      case "reasoning" -> {
        opened.putArray("summary");
        opened.remove("encrypted_content");
      }
      default -> {}
    }
    ObjectNode added = event("response.output_item.added").put("output_index", index);
    added.set("item", opened);
    send(added, false);
    String id = Trees.textOr(item, "id");
    switch (type) {
      case "message" -> parts(index, id, item.path("content"));
      case "function_call" -> {
        JsonNode arguments = item.path("arguments");
        ObjectNode delta = in("response.function_call_arguments.delta", index, id);
        delta.set("delta", arguments);
        send(delta, true);
        ObjectNode done = in("response.function_call_arguments.done", index, id);
        done.put("name", Trees.textOr(item, "name")).set("arguments", arguments);
        send(done, false);
      }
      case "reasoning" -> summaries(index, id, item.path("summary"));
      default -> {}
    }
    ObjectNode done = event("response.output_item.done").put("output_index", index);
    done.set("item", item);
    send(done, false);
  }

  private ObjectNode in(String type, int index, String id) {
    return event(type).put("item_id", id).put("output_index", index);
  }

  private void parts(int index, String id, JsonNode content) {
    int at = 0;
    for (JsonNode part : content) {
      boolean refusal = Trees.textOr(part, "type").equals("refusal");
      String field = refusal ? "refusal" : "text";
      String family = refusal ? "response.refusal" : "response.output_text";
      ObjectNode added = in("response.content_part.added", index, id).put("content_index", at);
      ObjectNode empty =
          added.putObject("part").put("type", Trees.textOr(part, "type")).put(field, "");
      if (!refusal) {
        empty.putArray("annotations");
      }
      send(added, false);
      ObjectNode delta = in(family + ".delta", index, id).put("content_index", at);
      delta.put("delta", Trees.textOr(part, field));
      if (!refusal) {
        delta.set(
            "logprobs", part.path("logprobs").isArray() ? part.get("logprobs") : Trees.array());
      }
      send(delta, true);
      int note = 0;
      for (JsonNode annotation : part.path("annotations")) {
        ObjectNode noted =
            in("response.output_text.annotation.added", index, id).put("content_index", at);
        noted.put("annotation_index", note++).set("annotation", annotation);
        send(noted, false);
      }
      ObjectNode done = in(family + ".done", index, id).put("content_index", at);
      done.put(field, Trees.textOr(part, field));
      send(done, false);
      ObjectNode closed = in("response.content_part.done", index, id).put("content_index", at);
      closed.set("part", part);
      send(closed, false);
      at++;
    }
  }

  private void summaries(int index, String id, JsonNode summaries) {
    int at = 0;
    for (JsonNode summary : summaries) {
      String text = Trees.textOr(summary, "text");
      ObjectNode added =
          in("response.reasoning_summary_part.added", index, id).put("summary_index", at);
      added.putObject("part").put("type", "summary_text").put("text", "");
      send(added, false);
      send(
          in("response.reasoning_summary_text.delta", index, id)
              .put("summary_index", at)
              .put("delta", text),
          true);
      send(
          in("response.reasoning_summary_text.done", index, id)
              .put("summary_index", at)
              .put("text", text),
          false);
      ObjectNode done =
          in("response.reasoning_summary_part.done", index, id).put("summary_index", at);
      done.set("part", summary);
      send(done, false);
      at++;
    }
  }
}
