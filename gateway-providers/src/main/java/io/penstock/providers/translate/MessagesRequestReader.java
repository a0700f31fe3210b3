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
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads {@code POST /v1/messages} and {@code /v1/messages/count_tokens} of Anthropic. */
final class MessagesRequestReader extends RequestReader {
  /** The version of 2026, which refuses sampling fields and citations on user text. */
  static final String VERSION_2026 = "2026-10-21";

  /** Where clients say who their user is. */
  static final String USER_ID = "metadata.user_id";

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

  private static final Set<String> TOOL =
      Set.of("type", "name", "description", "input_schema", "strict", "cache_control");

  private static final Set<String> OUTPUT = Set.of("effort", "format");

  private final boolean newest;
  private final MessagesBlocks blocks;

  MessagesRequestReader(Fit fit, boolean newest) {
    super(fit);
    this.newest = newest;
    this.blocks = new MessagesBlocks(fit, newest);
  }

  @Override
  Conversation read(ObjectNode body) {
    if (newest) {
      for (String field : List.of("temperature", "top_p", "top_k")) {
        if (Trees.present(body.get(field))) {
          throw MessagesBlocks.notOfVersion(field, "sampling fields are");
        }
      }
    }
    if (body.has("max_tokens") && body.path("max_tokens").asLong() == 0) {
      throw fit.refusal("max_tokens", "0 (warm the cache) has no counterpart there");
    }
    settings(body, "", OPTIONS, STRUCTURAL);
    conversation.add(
        Role.SYSTEM, blocks.read(body.path("system"), "system", Role.SYSTEM), "system");
    JsonNode messages = list(body, "messages", "messages");
    for (int i = 0; i < messages.size(); i++) {
      message(object(messages.get(i), "messages." + i), "messages." + i);
    }
    tools(body);
    output(body);
    rest(body);
    conversation.validate("messages");
    blocks.checkBreakpoints();
    return conversation;
  }

  private void message(ObjectNode message, String path) {
    Role role =
        switch (need(message, "role", path)) {
          case "user" -> Role.USER;
          case "system" -> Role.SYSTEM;
          case "assistant" -> Role.ASSISTANT;
          case String other ->
              throw fit.refusal(
                  path + ".role",
                  "the role \"" + other + "\" is unknown (expected: user, assistant or system)");
        };
    List<Part> parts = blocks.read(message.path("content"), path + ".content", role);
    if (newest && role == Role.ASSISTANT && parts.stream().anyMatch(Part.Media.class::isInstance)) {
      throw MessagesBlocks.notOfVersion(path, "documents in assistant messages are");
    }
    conversation.add(role, parts, path);
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
      for (Map.Entry<String, JsonNode> field : tool.properties()) {
        if (!TOOL.contains(field.getKey()) && Trees.present(field.getValue())) {
          fit.dropped(path + "." + field.getKey());
        }
      }
      JsonNode strict = tool.path("strict");
      conversation.tool(
          new Tool(
              need(tool, "name", path),
              Trees.textOr(tool, "description"),
              schema(tool.path("input_schema")),
              strict.isBoolean() ? strict.booleanValue() : null,
              blocks.breakpoint(tool),
              path));
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
    switch (type) {
      case "disabled" ->
          conversation.set(Option.REASONING_EFFORT, "thinking", TextNode.valueOf("none"));
      case "enabled" -> budget(thinking.path("budget_tokens"), body.path("max_tokens"));
      // How much is for the effort to say, or for the model.
      case "", "adaptive" -> {}
      default ->
          fit.unsupported(
              "thinking.type", "thinking of the type \"" + type + "\" has no counterpart there");
    }
    JsonNode config = body.path("output_config");
    for (Map.Entry<String, JsonNode> field : config.properties()) {
      if (!OUTPUT.contains(field.getKey()) && Trees.present(field.getValue())) {
        fit.unsupported("output_config." + field.getKey(), "it has no counterpart there");
      }
    }
    if (Trees.present(config.get("effort")) && !type.equals("disabled")) {
      conversation.set(Option.REASONING_EFFORT, "output_config.effort", config.path("effort"));
    }
    JsonNode format =
        config.path("format").isObject() ? config.path("format") : body.path("output_format");
    if (format.isObject()) {
      String kind = need(format, "type", "output_config.format");
      if (!kind.equals("json_schema")) {
        throw wrong("output_config.format.type", "json_schema", format.path("type"));
      }
      ObjectNode schema = object(format.path("schema"), "output_config.format.schema");
      // What is strict there takes no property that may be absent; here it does.
      Boolean strict = OpenAiShapes.isClosed(schema) ? true : null;
      conversation.format(new Format("answer", schema, strict, "output_config.format"));
    }
  }

  private void budget(JsonNode said, JsonNode cap) {
    JsonNode budget = Trees.whole(said);
    if (budget == null
        || budget.asLong() < 1024
        || (cap.isNumber() && budget.asLong() >= cap.asLong())) {
      throw GatewayException.invalid(
          "thinking.budget_tokens",
          "\"thinking.budget_tokens\" is "
              + said
              + " (expected: at least 1024 and less than max_tokens).");
    }
    conversation.set(Option.THINKING_BUDGET, "thinking.budget_tokens", budget);
  }

  private void rest(ObjectNode body) {
    JsonNode user = body.path("metadata").path("user_id");
    if (Trees.present(user)) {
      conversation.set(Option.END_USER, USER_ID, user);
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
