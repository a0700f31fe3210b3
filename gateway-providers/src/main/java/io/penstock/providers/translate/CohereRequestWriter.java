package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import io.penstock.providers.translate.Conversation.Turn;
import java.util.ArrayList;
import java.util.List;

/** Writes a Cohere v2 chat request. */
final class CohereRequestWriter extends RequestWriter {
  CohereRequestWriter(ProviderCall call, Conversation conversation, Fit fit) {
    super(call, conversation, fit);
  }

  @Override
  ObjectNode write() {
    ObjectNode body = Trees.object().put("model", call.target().model());
    ArrayNode messages = body.putArray("messages");
    for (Turn turn : conversation.turns()) {
      if (turn.role() == Role.ASSISTANT) {
        assistant(messages.addObject().put("role", "assistant"), turn);
      } else {
        speaker(messages, turn);
      }
    }
    tools(body);
    putCap(body, "max_tokens");
    putUpTo(body, "temperature", Option.TEMPERATURE, 1);
    put(body, "p", Option.TOP_P);
    put(body, "k", Option.TOP_K);
    putStops(body, "stop_sequences", 5);
    putUpTo(body, "frequency_penalty", Option.FREQUENCY_PENALTY, 1);
    putUpTo(body, "presence_penalty", Option.PRESENCE_PENALTY, 1);
    put(body, "seed", Option.SEED);
    put(body, "logprobs", Option.LOGPROBS);
    Format format = conversation.format();
    if (format != null) {
      ObjectNode wanted = body.putObject("response_format").put("type", "json_object");
      if (format.schema() != null) {
        wanted.set("json_schema", format.schema());
      }
    }
    Effort effort = Effort.of(conversation, fit);
    if (effort != null) {
      ObjectNode thinking = body.putObject("thinking");
      thinking.put("type", effort == Effort.NONE ? "disabled" : "enabled");
      if (effort != Effort.NONE) {
        thinking.put("token_budget", effort.budget(conversation));
      }
    }
    body.put("stream", call.stream());
    return body;
  }

  private void speaker(ArrayNode messages, Turn turn) {
    List<Part> said = new ArrayList<>();
    for (Part part : turn.parts()) {
      if (part instanceof Part.ToolResult result) {
        String text = plainText(result.content());
        messages
            .addObject()
            .put("role", "tool")
            .put("tool_call_id", result.id())
            .put("content", result.error() ? "Error: " + text : text);
        result.content().stream().filter(Part.Media.class::isInstance).forEach(said::add);
      } else {
        said.add(part);
      }
    }
    if (said.isEmpty()) {
      return;
    }
    ObjectNode message = messages.addObject();
    message.put("role", turn.role() == Role.SYSTEM ? "system" : "user");
    ArrayNode content = message.putArray("content");
    said.forEach(part -> part(content, part, turn.path()));
  }

  private void part(ArrayNode content, Part part, String path) {
    switch (part) {
      case Part.Text text -> content.addObject().put("type", "text").put("text", text.text());
      case Part.Media media -> {
        if (media.kind() != Part.Kind.IMAGE) {
          fit.unsupported(path, "it takes no " + media.describe());
          return;
        }
        String uri =
            media.url() != null ? media.url() : "data:" + media.mime() + ";base64," + media.data();
        content.addObject().put("type", "image_url").putObject("image_url").put("url", uri);
      }
      case Part.ToolCall made ->
          throw fit.refusal(path, "a user cannot call the tool " + made.name());
      case Part.ToolResult result -> throw fit.refusal(path, "a nested tool result " + result.id());
      case Part.Thinking thought -> {}
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
        case Part.Thinking thought -> {}
        case Part.Media media ->
            fit.unsupported(
                turn.path(), "an assistant's " + media.describe() + " cannot be sent back");
        case Part.ToolResult result ->
            throw fit.refusal(turn.path(), "an assistant cannot answer " + result.id());
      }
    }
    if (!text.isEmpty()) {
      // Beside tool calls, what the assistant says is its plan.
      message.put(message.has("tool_calls") ? "tool_plan" : "content", text.toString());
    }
  }

  private void tools(ObjectNode body) {
    if (conversation.tools().isEmpty()) {
      conversation.take(Option.PARALLEL_TOOL_CALLS);
      return;
    }
    ToolChoice choice = conversation.toolChoice();
    String only = choice == null ? null : onlyTool(choice);
    ArrayNode tools = body.putArray("tools");
    boolean strict = false;
    for (Tool tool : offeredTools()) {
      if (only != null && !only.equals(tool.name())) {
        continue;
      }
      ObjectNode function = tools.addObject().put("type", "function").putObject("function");
      function.put("name", tool.name()).put("description", tool.description());
      function.set("parameters", tool.schema());
      strict |= Boolean.TRUE.equals(tool.strict());
    }
    if (strict) {
      body.put("strict_tools", true);
    }
    if (choice != null && choice.mode() != ToolChoice.Mode.AUTO) {
      body.put("tool_choice", choice.mode() == ToolChoice.Mode.ANY ? "REQUIRED" : "NONE");
    }
  }
}
