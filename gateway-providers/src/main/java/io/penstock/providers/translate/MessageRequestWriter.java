package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.Turn;
import java.util.ArrayList;
import java.util.List;

/** What OpenAI and Cohere share: a message for each turn and one for each tool result. */
abstract class MessageRequestWriter extends RequestWriter {
  MessageRequestWriter(ProviderCall call, Conversation conversation, Fit fit) {
    super(call, conversation, fit);
  }

  /** Writes what a user or the system shows. */
  abstract void media(ArrayNode content, Part.Media media, String path);

  /** Writes what the assistant said; its calls are in the message already. */
  abstract void said(ObjectNode message, String text);

  /** Whether content that is text alone is written as one string. */
  abstract boolean joinsText();

  final void messages(ArrayNode messages) {
    for (Turn turn : conversation.turns()) {
      if (isUnspoken(turn)) {
        continue;
      }
      if (turn.role() == Role.ASSISTANT) {
        assistant(messages.addObject().put("role", "assistant"), turn);
      } else {
        speaker(messages, turn);
      }
    }
  }

  /** A system or user turn; tool results become messages of their own, before what else is said. */
  private void speaker(ArrayNode messages, Turn turn) {
    List<Part> said = new ArrayList<>();
    List<Part> shown = new ArrayList<>();
    for (Part part : turn.parts()) {
      if (part instanceof Part.ToolResult result) {
        String text = plainText(result.content());
        messages
            .addObject()
            .put("role", "tool")
            .put("tool_call_id", result.id())
            .put("content", result.error() ? "Error: " + text : text);
        // Tool messages are text only: what a tool shows follows as the user's.
        result.content().stream().filter(Part.Media.class::isInstance).forEach(shown::add);
      } else {
        said.add(part);
      }
    }
    shown.addAll(said);
    if (shown.isEmpty()) {
      return;
    }
    ObjectNode message = messages.addObject();
    message.put("role", turn.role() == Role.SYSTEM ? "system" : "user");
    if (joinsText() && shown.stream().allMatch(Part.Text.class::isInstance)) {
      List<String> texts = shown.stream().map(part -> ((Part.Text) part).text()).toList();
      message.put("content", String.join("\n\n", texts));
    } else {
      ArrayNode content = message.putArray("content");
      shown.forEach(part -> part(content, part, turn.path()));
      if (content.isEmpty()) {
        throw fit.refusal(turn.path(), "nothing is left of this message");
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
    for (Part part : turn.parts()) {
      switch (part) {
        case Part.Text words -> text.append(words.text());
        case Part.ToolCall made ->
            Trees.arrayIn(message, "tool_calls")
                .addObject()
                .put("id", made.id())
                .put("type", "function")
                .putObject("function")
                .put("name", made.name())
                .put("arguments", Trees.string(made.arguments()));
        // Thoughts of another model as text would leak and cost; nobody there can check them.
        case Part.Thinking thinking -> {}
        case Part.Media media ->
            fit.unsupported(
                conversation.pathOf(turn, part),
                "an assistant's " + media.describe() + " cannot be sent back");
        case Part.ToolResult result ->
            throw fit.refusal(
                conversation.pathOf(turn, part), "an assistant cannot answer " + result.id());
      }
    }
    said(message, text.toString());
  }

  /** Writes a tool and returns its function. */
  static ObjectNode function(ArrayNode tools, Tool tool) {
    ObjectNode function = tools.addObject().put("type", "function").putObject("function");
    function.put("name", tool.name());
    if (!tool.description().isEmpty()) {
      function.put("description", tool.description());
    }
    function.set("parameters", tool.schema());
    return function;
  }

  /** Returns where the medium is: its URL, or its data as one. */
  static String uri(Part.Media media) {
    return media.url() != null ? media.url() : "data:" + media.mime() + ";base64," + media.data();
  }
}
