package io.penstock.providers.translate;

import static java.util.Map.entry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.penstock.core.GatewayException;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads {@code POST /v1/messages} and {@code /v1/messages/count_tokens} of Anthropic. */
final class MessagesRequestReader extends RequestReader {
  /** The version of 2026, which refuses sampling fields and citations on user text. */
  static final String VERSION_2026 = "2026-10-21";

  private static final Map<String, Option> OPTIONS =
      Map.ofEntries(
          entry("max_tokens", Option.MAX_TOKENS),
          entry("temperature", Option.TEMPERATURE),
          entry("top_p", Option.TOP_P),
          entry("top_k", Option.TOP_K),
          entry("stop_sequences", Option.STOP),
          entry("service_tier", Option.SERVICE_TIER));

  private static final Set<String> STRUCTURAL =
      Set.of(
          "messages",
          "model",
          "stream",
          "system",
          "tools",
          "tool_choice",
          "thinking",
          "output_config",
          "output_format",
          "metadata",
          "cache_control",
          "context_management",
          "diagnostics",
          "speed");

  private final boolean newest;
  private boolean user;
  private int breakpoints;

  MessagesRequestReader(Fit fit, boolean newest) {
    super(fit);
    this.newest = newest;
  }

  @Override
  Conversation read(ObjectNode body) {
    if (newest) {
      for (String field : List.of("temperature", "top_p", "top_k")) {
        if (Trees.present(body.get(field))) {
          throw GatewayException.unsupported(
              field, "\"" + field + "\" is not part of anthropic-version " + VERSION_2026 + ".");
        }
      }
    }
    if (body.has("max_tokens") && body.path("max_tokens").asLong() == 0) {
      throw fit.refusal("max_tokens", "0 (warm the cache) has no counterpart there");
    }
    settings(body, "", OPTIONS, STRUCTURAL);
    List<Part> system = content(body.path("system"), "system");
    conversation.add(Role.SYSTEM, system, "system");
    JsonNode messages = list(body, "messages", "messages");
    for (int i = 0; i < messages.size(); i++) {
      message(object(messages.get(i), "messages." + i), "messages." + i);
    }
    tools(body);
    output(body);
    rest(body);
    conversation.validate("messages");
    if (breakpoints > 4) {
      throw GatewayException.invalid(
          "cache_control",
          "\"cache_control\": there are " + breakpoints + " breakpoints (expected: at most 4).");
    }
    return conversation;
  }

  private void message(ObjectNode message, String path) {
    String role = need(message, "role", path);
    user = role.equals("user");
    List<Part> parts = content(message.path("content"), path + ".content");
    switch (role) {
      case "user" -> conversation.add(Role.USER, parts, path);
      case "system" -> conversation.add(Role.SYSTEM, parts, path);
      case "assistant" -> {
        if (newest && parts.stream().anyMatch(Part.Media.class::isInstance)) {
          throw GatewayException.unsupported(
              path,
              "\""
                  + path
                  + "\": documents in assistant messages are not part of anthropic-version "
                  + VERSION_2026
                  + ".");
        }
        conversation.add(Role.ASSISTANT, parts, path);
      }
      default ->
          throw fit.refusal(
              path + ".role",
              "the role \"" + role + "\" is unknown (expected: user, assistant or system)");
    }
  }

  private List<Part> content(JsonNode content, String path) {
    List<Part> parts = new ArrayList<>(2);
    if (content.isTextual()) {
      if (!content.textValue().isEmpty()) {
        parts.add(new Part.Text(content.textValue(), null));
      }
    } else if (content.isArray()) {
      for (int i = 0; i < content.size(); i++) {
        block(object(content.get(i), path + "." + i), path + "." + i, parts);
      }
    } else if (Trees.present(content)) {
      throw wrong(path, "a string or a list of blocks", content);
    }
    return parts;
  }

  private void block(ObjectNode block, String path, List<Part> parts) {
    String type = need(block, "type", path);
    String cache = cache(block);
    breakpoints += cache == null ? 0 : 1;
    switch (type) {
      case "text" -> {
        JsonNode citations = block.path("citations");
        if (newest && user && citations.isArray() && !citations.isEmpty()) {
          throw GatewayException.unsupported(
              path + ".citations",
              "\""
                  + path
                  + ".citations\": citations on user text are not part of anthropic-version "
                  + VERSION_2026
                  + ".");
        }
        String text = need(block, "text", path);
        if (!text.isEmpty()) {
          parts.add(new Part.Text(text, cache));
        }
      }
      case "image" -> parts.add(source(Part.Kind.IMAGE, block, path));
      case "document" -> parts.add(document(block, path));
      case "search_result" -> parts.add(searchResult(block));
      case "tool_use" ->
          parts.add(
              new Part.ToolCall(
                  need(block, "id", path),
                  need(block, "name", path),
                  object(block.path("input"), path + ".input"),
                  null,
                  cache));
      case "tool_result" ->
          parts.add(
              new Part.ToolResult(
                  need(block, "tool_use_id", path),
                  content(block.path("content"), path + ".content"),
                  block.path("is_error").asBoolean(),
                  cache));
      case "thinking" ->
          parts.add(
              new Part.Thinking(
                  Trees.textOr(block, "thinking"), Trees.text(block, "signature"), null));
      case "redacted_thinking" ->
          parts.add(new Part.Thinking("", null, Trees.textOr(block, "data")));
      default ->
          throw fit.refusal(path + ".type", "a block of type \"" + type + "\" has no counterpart");
    }
  }

  private Part document(ObjectNode block, String path) {
    if (block.path("citations").path("enabled").asBoolean()) {
      fit.unsupported(path + ".citations", "documents are not cited there");
    }
    JsonNode source = block.path("source");
    if (Trees.textOr(source, "type").equals("text")) {
      String title = Trees.textOr(block, "title");
      String text = need(source, "data", path + ".source");
      return new Part.Text(title.isEmpty() ? text : title + "\n\n" + text, cache(block));
    }
    return source(Part.Kind.DOCUMENT, block, path);
  }

  private Part source(Part.Kind kind, ObjectNode block, String path) {
    JsonNode source = block.path("source");
    Part.Label label = new Part.Label(Trees.textOr(block, "title"), "", cache(block));
    String type = Trees.textOr(source, "type");
    return switch (type) {
      case "base64" ->
          new Part.Media(
              kind,
              need(source, "media_type", path + ".source"),
              need(source, "data", path + ".source"),
              null,
              label);
      case "url" ->
          new Part.Media(
              kind,
              kind == Part.Kind.DOCUMENT ? "application/pdf" : "",
              null,
              need(source, "url", path + ".source"),
              label);
      default ->
          throw fit.refusal(
              path + ".source",
              "a source of type \"" + type + "\" lies only at Anthropic; send its data");
    };
  }

  private static Part searchResult(ObjectNode block) {
    StringBuilder text = new StringBuilder(Trees.textOr(block, "title"));
    text.append(" (").append(Trees.textOr(block, "source")).append(")");
    for (JsonNode part : block.path("content")) {
      text.append('\n').append(Trees.textOr(part, "text"));
    }
    return new Part.Text(text.toString(), cache(block));
  }

  private void tools(ObjectNode body) {
    JsonNode tools = list(body, "tools", "tools");
    for (int i = 0; i < tools.size(); i++) {
      JsonNode tool = tools.get(i);
      String path = "tools." + i;
      String type = Trees.textOr(tool, "type");
      if (!type.isEmpty() && !type.equals("custom")) {
        fit.unsupported(path, "the server tool \"" + type + "\" runs only at Anthropic");
        continue;
      }
      String cache = cache(tool);
      breakpoints += cache == null ? 0 : 1;
      JsonNode strict = tool.path("strict");
      conversation.tool(
          new Tool(
              need(tool, "name", path),
              Trees.textOr(tool, "description"),
              schema(tool.path("input_schema")),
              strict.isBoolean() ? strict.booleanValue() : null,
              cache),
          path);
    }
    JsonNode choice = body.path("tool_choice");
    if (Trees.present(choice)) {
      choice(choice);
    }
  }

  private void choice(JsonNode choice) {
    String type = need(choice, "type", "tool_choice");
    switch (type) {
      case "auto" ->
          conversation.toolChoice(new ToolChoice(ToolChoice.Mode.AUTO, List.of(), "tool_choice"));
      case "any" ->
          conversation.toolChoice(new ToolChoice(ToolChoice.Mode.ANY, List.of(), "tool_choice"));
      case "none" ->
          conversation.toolChoice(new ToolChoice(ToolChoice.Mode.NONE, List.of(), "tool_choice"));
      case "tool" ->
          conversation.toolChoice(
              new ToolChoice(
                  ToolChoice.Mode.ANY,
                  List.of(need(choice, "name", "tool_choice")),
                  "tool_choice"));
      default -> throw wrong("tool_choice.type", "auto, any, tool or none", choice.path("type"));
    }
    if (choice.path("disable_parallel_tool_use").asBoolean()) {
      conversation.set(
          Option.PARALLEL_TOOL_CALLS, "tool_choice.disable_parallel_tool_use", BooleanNode.FALSE);
    }
  }

  private void output(ObjectNode body) {
    JsonNode thinking = body.path("thinking");
    String type = Trees.textOr(thinking, "type");
    if (type.equals("disabled")) {
      conversation.set(Option.REASONING_EFFORT, "thinking", TextNode.valueOf("none"));
    } else if (type.equals("enabled")) {
      JsonNode budget = thinking.path("budget_tokens");
      JsonNode cap = body.path("max_tokens");
      if (!budget.isIntegralNumber()
          || budget.asLong() < 1024
          || (cap.isNumber() && budget.asLong() >= cap.asLong())) {
        throw GatewayException.invalid(
            "thinking.budget_tokens",
            "\"thinking.budget_tokens\" is "
                + budget
                + " (expected: at least 1024 and less than max_tokens).");
      }
      conversation.set(Option.THINKING_BUDGET, "thinking.budget_tokens", budget);
    }
    JsonNode config = body.path("output_config");
    if (Trees.present(config.get("effort")) && !type.equals("disabled")) {
      conversation.set(Option.REASONING_EFFORT, "output_config.effort", config.path("effort"));
    }
    JsonNode format =
        config.path("format").isObject() ? config.path("format") : body.path("output_format");
    if (Trees.textOr(format, "type").equals("json_schema")) {
      ObjectNode schema = object(format.path("schema"), "output_config.format.schema");
      conversation.format(new Format("answer", schema, true, "output_config.format"));
    }
  }

  private void rest(ObjectNode body) {
    JsonNode user = body.path("metadata").path("user_id");
    if (Trees.present(user)) {
      conversation.set(Option.END_USER, "metadata.user_id", user);
    }
    if (Trees.textOr(body, "speed").equals("fast")) {
      conversation.set(Option.SERVICE_TIER, "speed", TextNode.valueOf("fast"));
    }
    if (Trees.textOr(body, "service_tier").equals("standard_only")) {
      conversation.set(Option.SERVICE_TIER, "service_tier", TextNode.valueOf("default"));
    }
    // Hints to Anthropic about its own context and cache: the answer means the same without them.
    for (String hint : List.of("cache_control", "context_management", "diagnostics")) {
      if (Trees.present(body.get(hint))) {
        fit.dropped(hint);
      }
    }
  }
}
