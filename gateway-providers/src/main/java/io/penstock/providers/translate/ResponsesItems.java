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

  /** The code points of the answer's text before the open part. */
  private int before;

  private @Nullable ObjectNode item;

  /** output_text, refusal or summary_text; "" when no part is open. */
  private String part = "";

  /** The next piece of the open part or call; null until the first one. */
  private @Nullable TextEvent piece;

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

  /** An event of the open part or call. */
  private ObjectNode itemEvent(String type) {
    return place(event(type));
  }

  private ObjectNode place(ObjectNode event) {
    event.put("item_id", item == null ? "" : item.path("id").asText());
    event.put("output_index", output.size());
    return switch (part) {
      case "" -> event;
      case "summary_text" -> event.put("summary_index", 0);
      default -> event.put("content_index", item == null ? 0 : item.path("content").size());
    };
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

  private boolean isHalfCall() {
    return item != null
        && item.path("type").asText().equals("function_call")
        && Trees.arguments(text.toString()) == null;
  }

  private void added(ObjectNode opened) {
    ObjectNode event = event("response.output_item.added").put("output_index", output.size());
    event.set("item", opened);
    send(event, false);
  }

  /** Sends a piece of the open part or call; they differ by number and text alone. */
  private void piece(String type, String words) {
    TextEvent event = piece;
    if (event == null) {
      ObjectNode tree = Trees.object().put("type", type).put("sequence_number", TextEvent.NUMBER);
      place(tree).put("delta", TextEvent.HOLE);
      if (part.equals("output_text")) {
        tree.putArray("logprobs");
      }
      event = new TextEvent(tree);
      piece = event;
    }
    text.append(words);
    out.event(type, event, sequence++, words);
  }

  private void message() {
    boolean open = item != null && item.path("type").asText().equals("message");
    ObjectNode message = open("message", "msg_", false);
    if (!open) {
      message.put("status", "in_progress").put("role", "assistant").putArray("content");
      added(message);
    }
  }

  private void openPart(String type) {
    message();
    closePart();
    part = type;
    ObjectNode event = itemEvent("response.content_part.added");
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

  void text(String words, @Nullable JsonNode probabilities) {
    if (!part.equals("output_text")) {
      openPart("output_text");
    }
    if (probabilities == null) {
      piece("response.output_text.delta", words);
      return;
    }
    text.append(words);
    ObjectNode event = itemEvent("response.output_text.delta").put("delta", words);
    event.set("logprobs", probabilities);
    probabilities.forEach(logprobs::add);
    send(event, true);
  }

  void refusal(String words) {
    if (!part.equals("refusal")) {
      openPart("refusal");
    }
    piece("response.refusal.delta", words);
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
          .put("index", inPart(citation.end()));
      annotation.put("filename", citation.title());
    } else {
      annotation
          .put("type", "url_citation")
          .put("url", citation.url())
          .put("title", citation.title());
      annotation
          .put("start_index", inPart(citation.start()))
          .put("end_index", inPart(citation.end()));
    }
    ObjectNode event = itemEvent("response.output_text.annotation.added");
    event.put("annotation_index", annotations.size()).set("annotation", annotation);
    annotations.add(annotation);
    send(event, false);
  }

  /** Returns the place within the open part; 0 for one that is unknown or before it. */
  private int inPart(int place) {
    return Math.max(0, place - before);
  }

  void thinking(String words) {
    if (!part.equals("summary_text")) {
      reasoning();
      part = "summary_text";
      ObjectNode event = itemEvent("response.reasoning_summary_part.added");
      event.putObject("part").put("type", "summary_text").put("text", "");
      send(event, false);
    }
    piece("response.reasoning_summary_text.delta", words);
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
    piece("response.function_call_arguments.delta", fragment);
  }

  private void closePart() {
    ObjectNode current = item;
    if (current == null || part.isEmpty()) {
      return;
    }
    if (part.equals("summary_text")) {
      String summary = text.toString();
      send(itemEvent("response.reasoning_summary_text.done").put("text", summary), false);
      ObjectNode event = itemEvent("response.reasoning_summary_part.done");
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
    piece = null;
    text.setLength(0);
    annotations.removeAll();
    logprobs.removeAll();
  }

  private void closeContent(ArrayNode content) {
    boolean refusal = part.equals("refusal");
    before += refusal ? 0 : text.codePointCount(0, text.length());
    ObjectNode done = itemEvent(refusal ? "response.refusal.done" : "response.output_text.done");
    done.put(refusal ? "refusal" : "text", text.toString());
    if (!refusal) {
      done.set("logprobs", logprobs.deepCopy());
    }
    send(done, false);
    ObjectNode event = itemEvent("response.content_part.done");
    ObjectNode written = contentPart();
    event.set("part", written);
    send(event, false);
    content.add(written);
  }

  /** Closes the open item, which is whole. */
  void close() {
    close("completed");
  }

  /**
   * Closes the open item: completed, or incomplete where the answer was cut short. A call whose
   * arguments are not whole is incomplete in any case: nobody is to run it.
   */
  void close(String status) {
    ObjectNode current = item;
    if (current == null) {
      return;
    }
    boolean half = isHalfCall();
    closePart();
    piece = null;
    if (current.path("type").asText().equals("function_call")) {
      current.put("arguments", text.isEmpty() ? "{}" : text.toString());
      text.setLength(0);
      if (!half) {
        ObjectNode event = itemEvent("response.function_call_arguments.done");
        event.put("name", current.path("name").asText());
        send(event.put("arguments", current.path("arguments").asText()), false);
      }
    }
    if (current.has("status")) {
      current.put("status", half ? "incomplete" : status);
    }
    ObjectNode event = event("response.output_item.done").put("output_index", output.size());
    event.set("item", current);
    send(event, false);
    output.add(current);
    item = null;
  }
}
