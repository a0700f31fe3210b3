package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** The output items of one response and their events. At most one item and one part is open. */
final class ResponsesItems {
  private final Outlet out;
  private final ArrayNode output = Trees.array();
  private final StringBuilder text = new StringBuilder();
  private final ArrayNode annotations = Trees.array();
  private final ArrayNode logprobs = Trees.array();
  private String suffix = "";
  private int sequence;
  private @Nullable ObjectNode item;

  /** output_text, refusal or summary_text; "" when no part is open. */
  private String part = "";

  ResponsesItems(Outlet out) {
    this.out = out;
  }

  void start(String idSuffix) {
    suffix = idSuffix;
  }

  ArrayNode output() {
    return output;
  }

  ObjectNode event(String type) {
    return Trees.object().put("type", type).put("sequence_number", sequence++);
  }

  private void send(ObjectNode event, boolean content) {
    out.event(event.path("type").asText(), event, content);
  }

  private ObjectNode itemEvent(String type) {
    ObjectNode event = event(type);
    event.put("item_id", item == null ? "" : item.path("id").asText());
    return event.put("output_index", output.size());
  }

  /** Opens an item unless one of that type is open. */
  private ObjectNode open(String type, String prefix, boolean fresh) {
    ObjectNode current = item;
    if (current != null && !fresh && current.path("type").asText().equals(type)) {
      return current;
    }
    close();
    ObjectNode opened = Trees.object().put("id", prefix + suffix + "_" + output.size());
    opened.put("type", type);
    item = opened;
    return opened;
  }

  private void added(ObjectNode opened) {
    ObjectNode event = event("response.output_item.added").put("output_index", output.size());
    event.set("item", opened.deepCopy());
    send(event, false);
  }

  private ObjectNode message() {
    boolean open = item != null && item.path("type").asText().equals("message");
    ObjectNode message = open("message", "msg_", false);
    if (!open) {
      message.put("status", "in_progress").put("role", "assistant").putArray("content");
      added(message);
    }
    return message;
  }

  private void openPart(ObjectNode message, String type) {
    if (part.equals(type)) {
      return;
    }
    closePart();
    part = type;
    ObjectNode event = itemEvent("response.content_part.added");
    event.put("content_index", message.path("content").size());
    event.set("part", contentPart());
    send(event, false);
  }

  private ObjectNode contentPart() {
    ObjectNode written = Trees.object().put("type", part);
    if (part.equals("refusal")) {
      return written.put("refusal", text.toString());
    }
    written.put("text", text.toString()).set("annotations", annotations.deepCopy());
    written.set("logprobs", logprobs.deepCopy());
    return written;
  }

  void text(String piece, @Nullable JsonNode probabilities) {
    ObjectNode message = message();
    openPart(message, "output_text");
    text.append(piece);
    ObjectNode event = itemEvent("response.output_text.delta");
    event.put("content_index", message.path("content").size()).put("delta", piece);
    event.set("logprobs", probabilities == null ? Trees.array() : probabilities);
    if (probabilities != null) {
      probabilities.forEach(logprobs::add);
    }
    send(event, true);
  }

  void refusal(String piece) {
    ObjectNode message = message();
    openPart(message, "refusal");
    text.append(piece);
    ObjectNode event = itemEvent("response.refusal.delta");
    send(event.put("content_index", message.path("content").size()).put("delta", piece), true);
  }

  void citation(AnswerParts.Citation citation) {
    if (!part.equals("output_text") || item == null) {
      return;
    }
    ObjectNode annotation = Trees.object();
    if (citation.url().isEmpty()) {
      annotation
          .put("type", "file_citation")
          .put("file_id", "")
          .put("index", Math.max(0, citation.end()));
      annotation.put("filename", citation.title());
    } else {
      annotation
          .put("type", "url_citation")
          .put("url", citation.url())
          .put("title", citation.title());
      annotation
          .put("start_index", Math.max(0, citation.start()))
          .put("end_index", Math.max(0, citation.end()));
    }
    ObjectNode event = itemEvent("response.output_text.annotation.added");
    event.put("content_index", item.path("content").size());
    event.put("annotation_index", annotations.size()).set("annotation", annotation);
    annotations.add(annotation);
    send(event, false);
  }

  void thinking(String piece) {
    reasoning();
    if (part.isEmpty()) {
      part = "summary_text";
      ObjectNode event = itemEvent("response.reasoning_summary_part.added").put("summary_index", 0);
      event.putObject("part").put("type", "summary_text").put("text", "");
      send(event, false);
    }
    text.append(piece);
    ObjectNode event = itemEvent("response.reasoning_summary_text.delta").put("summary_index", 0);
    send(event.put("delta", piece), true);
  }

  private ObjectNode reasoning() {
    boolean open = item != null && item.path("type").asText().equals("reasoning");
    ObjectNode reasoning = open("reasoning", "rs_", false);
    if (!open) {
      reasoning.putArray("summary");
      added(reasoning);
    }
    return reasoning;
  }

  /** The signature of the open thought, or a thought of its own that is nothing else. */
  void proof(String signature) {
    reasoning().put("encrypted_content", signature);
    close();
  }

  void toolCall(String callId, String name) {
    ObjectNode call = open("function_call", "fc_", true);
    call.put("status", "in_progress").put("call_id", callId).put("name", name).put("arguments", "");
    added(call);
  }

  void toolArguments(String fragment) {
    if (item == null || !item.path("type").asText().equals("function_call")) {
      throw Trees.malformed("arguments of a tool call came after the call was over");
    }
    text.append(fragment);
    send(itemEvent("response.function_call_arguments.delta").put("delta", fragment), true);
  }

  private void closePart() {
    ObjectNode current = item;
    if (current == null || part.isEmpty()) {
      return;
    }
    if (part.equals("summary_text")) {
      String summary = text.toString();
      send(
          itemEvent("response.reasoning_summary_text.done")
              .put("summary_index", 0)
              .put("text", summary),
          false);
      ObjectNode event = itemEvent("response.reasoning_summary_part.done").put("summary_index", 0);
      event.putObject("part").put("type", "summary_text").put("text", summary);
      send(event, false);
      Trees.arrayIn(current, "summary")
          .addObject()
          .put("type", "summary_text")
          .put("text", summary);
    } else {
      closeContent(Trees.arrayIn(current, "content"));
    }
    part = "";
    text.setLength(0);
    annotations.removeAll();
    logprobs.removeAll();
  }

  private void closeContent(ArrayNode content) {
    boolean refusal = part.equals("refusal");
    ObjectNode done = itemEvent(refusal ? "response.refusal.done" : "response.output_text.done");
    done.put("content_index", content.size());
    done.put(refusal ? "refusal" : "text", text.toString());
    if (!refusal) {
      done.set("logprobs", logprobs.deepCopy());
    }
    send(done, false);
    ObjectNode event = itemEvent("response.content_part.done").put("content_index", content.size());
    ObjectNode written = contentPart();
    event.set("part", written);
    send(event, false);
    content.add(written);
  }

  /** Closes the open item. */
  void close() {
    ObjectNode current = item;
    if (current == null) {
      return;
    }
    closePart();
    if (current.path("type").asText().equals("function_call")) {
      current.put("arguments", text.isEmpty() ? "{}" : text.toString());
      text.setLength(0);
      ObjectNode event = itemEvent("response.function_call_arguments.done");
      event.put("name", current.path("name").asText());
      send(event.put("arguments", current.path("arguments").asText()), false);
    }
    if (current.has("status")) {
      current.put("status", "completed");
    }
    ObjectNode event = event("response.output_item.done").put("output_index", output.size());
    event.set("item", current);
    send(event, false);
    output.add(current);
    item = null;
  }
}
