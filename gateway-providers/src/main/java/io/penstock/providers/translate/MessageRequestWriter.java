package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.Turn;
import java.util.ArrayList;
import java.util.List;

/** What OpenAI and Cohere share: a message for each turn and one for each tool result. */
abstract class MessageRequestWriter extends RequestWriter {
  /** Characters of a call's id that OpenAI takes. */
  private static final int MOST_ID = 40;

  MessageRequestWriter(ProviderCall call, Conversation conversation, Fit fit) {
    super(call, conversation, fit);
  }

  /** Writes what a user or the system shows. */
  abstract void media(ArrayNode content, Part.Media media, String path);

  /** Writes what the assistant said; its calls are in the message already. */
  abstract void said(ObjectNode message, String text);

  /** Whether the assistant's thoughts before its calls are written as {@code reasoning_content}. */
  boolean takesThoughts() {
    return false;
  }

  /** Whether content that is text alone is written as one string. */
  abstract boolean joinsText();

  final void messages(ArrayNode messages) {
    withoutDrawn();
    List<Turn> turns = conversation.turns();
    for (int i = 0; i < turns.size(); ) {
      Turn turn = turns.get(i);
      if (turn.role() != Role.ASSISTANT) {
        int next = i + 1;
        while (next < turns.size() && turns.get(next).role() != Role.ASSISTANT) {
          next++;
        }
        answered(messages, turns.subList(i, next));
        i = next;
        continue;
      }
      if (!isUnspoken(turn)) {
        assistant(messages.addObject().put("role", "assistant"), turn);
      }
      i++;
    }
  }

  /**
   * System and user turns in a row. Tool results become messages of their own, and all of them come
   * first: nobody may speak between the calls and their results.
   */
  private void answered(ArrayNode messages, List<Turn> turns) {
    for (Turn turn : turns) {
      for (Part part : turn.parts()) {
        if (part instanceof Part.ToolResult result) {
          String text = plainText(result.content());
          messages
              .addObject()
              .put("role", "tool")
              .put("tool_call_id", callId(result.id()))
              .put("content", result.error() ? "Error: " + text : text);
        }
      }
    }
    List<Part> shown = new ArrayList<>();
    String path = "";
    for (Turn turn : turns) {
      List<Part> said = new ArrayList<>();
      for (Part part : turn.parts()) {
        if (part instanceof Part.ToolResult result) {
          // Tool messages are text only: what a tool shows follows as the user's.
          path = shown.isEmpty() ? turn.path() : path;
          result.content().stream().filter(Part.Media.class::isInstance).forEach(shown::add);
        } else {
          said.add(part);
        }
      }
      if (said.isEmpty()) {
        continue;
      }
      if (turn.role() == Role.SYSTEM) {
        speaker(messages, "user", shown, path);
        speaker(messages, "system", said, turn.path());
      } else {
        shown.addAll(said);
        speaker(messages, "user", shown, turn.path());
      }
      shown.clear();
    }
    speaker(messages, "user", shown, path);
  }

  private void speaker(ArrayNode messages, String role, List<Part> said, String path) {
    if (said.isEmpty()) {
      return;
    }
    ObjectNode message = messages.addObject().put("role", role);
    if (joinsText() && said.stream().allMatch(Part.Text.class::isInstance)) {
      List<String> texts = said.stream().map(part -> ((Part.Text) part).text()).toList();
      message.put("content", String.join("\n\n", texts));
    } else {
      ArrayNode content = message.putArray("content");
      said.forEach(part -> part(content, part, path));
      if (content.isEmpty()) {
        throw fit.refusal(path, "nothing is left of this message");
      }
    }
  }

  private void part(ArrayNode content, Part part, String path) {
    switch (part) {
      case Part.Text text -> content.addObject().put("type", "text").put("text", text.text());
      case Part.Media media -> media(content, media, path);
      // Only the assistant calls and thinks; results were taken out before.
      case Part.ToolCall made ->
          throw fit.refusal(path, "a user cannot call the tool " + made.name());
      case Part.Thinking thinking -> fit.dropped(path + ".thinking");
      case Part.ToolResult result -> throw fit.refusal(path, "a nested tool result " + result.id());
    }
  }

  private void assistant(ObjectNode message, Turn turn) {
    StringBuilder text = new StringBuilder();
    StringBuilder thoughts = new StringBuilder();
    for (Part part : turn.parts()) {
      switch (part) {
        case Part.Text words -> text.append(words.text());
        case Part.ToolCall made ->
            Trees.arrayIn(message, "tool_calls")
                .addObject()
                .put("id", callId(made.id()))
                .put("type", "function")
                .putObject("function")
                .put("name", made.name())
                .put("arguments", Trees.string(made.arguments()));
        // Thoughts of another model as text would leak and cost; nobody there can check them.
        case Part.Thinking thinking -> {
          if (Signatures.unsigned(Dialect.OPENAI).equals(thinking.signature())) {
            thoughts.append(thinking.text());
          }
        }
        // It was taken out before.
        case Part.Media media -> {}
        case Part.ToolResult result ->
            throw fit.refusal(
                conversation.pathOf(turn, part), "an assistant cannot answer " + result.id());
      }
    }
    said(message, text.toString());
    if (takesThoughts() && message.has("tool_calls") && !thoughts.isEmpty()) {
      message.put("reasoning_content", thoughts.toString());
    }
  }

  /** Returns the id of a call for the provider; call and result go through here alike. */
  static String callId(String id) {
    return id.length() <= MOST_ID ? id : "call_" + hash(id).substring(0, 32);
  }

  /** Writes a tool with its schema, and returns its function. */
  static ObjectNode function(ArrayNode tools, Tool tool, ObjectNode schema) {
    ObjectNode function = tools.addObject().put("type", "function").putObject("function");
    function.put("name", tool.name());
    if (!tool.description().isEmpty()) {
      function.put("description", tool.description());
    }
    function.set("parameters", schema);
    return function;
  }

  /** Returns where the medium is: its URL, or its data as one. */
  static String uri(Part.Media media) {
    return media.url() != null ? media.url() : "data:" + media.mime() + ";base64," + media.data();
  }
}
