package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.GatewayException;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import io.penstock.providers.translate.Conversation.Turn;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes an Anthropic Messages request. */
final class AnthropicRequestWriter extends RequestWriter {
  private boolean thinking;
  private int breakpoints;

  AnthropicRequestWriter(ProviderCall call, Conversation conversation, Fit fit) {
    super(call, conversation, fit);
  }

  @Override
  ObjectNode write() {
    ObjectNode body = Trees.object().put("model", call.target().model());
    long cap = outputCap();
    if (cap < 0) {
      cap = call.modelOutputLimit();
    }
    if (cap < 0) {
      throw fit.refusal(
          "max_tokens", "it is required there and the model's own limit is not known; send it");
    }
    body.put("max_tokens", cap);
    system(body);
    messages(body.putArray("messages"));
    reasoning(body, cap);
    tools(body);
    sampling(body);
    format(body);
    JsonNode user = conversation.take(Option.END_USER);
    if (user != null) {
      body.putObject("metadata").put("user_id", hash(user.asText()));
    }
    tier(body);
    if (breakpoints > 4) {
      throw GatewayException.invalid(
          "cache_control",
          "\"cache_control\": there are " + breakpoints + " breakpoints (expected: at most 4).");
    }
    if (call.stream()) {
      body.put("stream", true);
    }
    return body;
  }

  private void system(ObjectNode body) {
    int count = systemTurns();
    if (count == 0) {
      return;
    }
    ArrayNode blocks = body.putArray("system");
    for (Turn turn : conversation.turns().subList(0, count)) {
      blocks(blocks, turn);
    }
    if (blocks.size() == 1 && !blocks.get(0).has("cache_control")) {
      body.set("system", blocks.get(0).get("text"));
    }
  }

  private void messages(ArrayNode messages) {
    List<Turn> turns = alternating();
    if (turns.getFirst().role() == Role.ASSISTANT) {
      throw fit.refusal(turns.getFirst().path(), "the first message must be the user's");
    }
    if (turns.getLast().role() == Role.ASSISTANT
        && !"true".equals(call.target().options().get("prefill"))) {
      throw fit.refusal(
          turns.getLast().path(),
          "the last message is the assistant's, and this model continues none");
    }
    for (Turn turn : turns) {
      ObjectNode message = messages.addObject();
      message.put("role", turn.role() == Role.ASSISTANT ? "assistant" : "user");
      ArrayNode content = message.putArray("content");
      blocks(content, turn);
      if (content.isEmpty()) {
        throw fit.refusal(turn.path(), "nothing is left of this message");
      }
      simplify(message, content);
    }
    JsonNode last = messages.get(messages.size() - 1);
    if (last.path("role").asText().equals("assistant") && last.path("content").isTextual()) {
      ((ObjectNode) last).put("content", last.path("content").asText().stripTrailing());
    }
  }

  private static void simplify(ObjectNode message, ArrayNode content) {
    JsonNode only = content.get(0);
    if (content.size() == 1
        && only.path("type").asText().equals("text")
        && !only.has("cache_control")) {
      message.set("content", only.get("text"));
    }
  }

  private void blocks(ArrayNode into, Turn turn) {
    for (Part part : turn.parts()) {
      block(into, part, turn.path());
    }
  }

  private void block(ArrayNode into, Part part, String path) {
    switch (part) {
      case Part.Text text -> {
        // A block of white space alone is refused.
        if (!text.text().isBlank()) {
          cached(into.addObject().put("type", "text").put("text", text.text()), text.cache());
        }
      }
      case Part.Media media -> media(into, media, path);
      case Part.ToolCall made -> {
        ObjectNode block = into.addObject().put("type", "tool_use").put("id", plainId(made.id()));
        block.put("name", made.name()).set("input", made.arguments());
        cached(block, made.cache());
      }
      case Part.ToolResult result -> {
        ObjectNode block =
            into.addObject().put("type", "tool_result").put("tool_use_id", plainId(result.id()));
        ArrayNode content = block.putArray("content");
        result.content().forEach(inner -> block(content, inner, path));
        if (content.isEmpty()) {
          block.remove("content");
        } else {
          simplify(block, content);
        }
        if (result.error()) {
          block.put("is_error", true);
        }
        cached(block, result.cache());
      }
      case Part.Thinking thought -> thought(into, thought);
    }
  }

  /** Only thoughts with Anthropic's own signature may come back; others would be refused. */
  private static void thought(ArrayNode into, Part.Thinking thought) {
    String redacted = Signatures.untag(Dialect.ANTHROPIC, thought.redacted());
    String signature = Signatures.untag(Dialect.ANTHROPIC, thought.signature());
    if (redacted != null) {
      into.addObject().put("type", "redacted_thinking").put("data", redacted);
    } else if (signature != null) {
      into.addObject()
          .put("type", "thinking")
          .put("thinking", thought.text())
          .put("signature", signature);
    }
  }

  private void cached(ObjectNode block, @Nullable String ttl) {
    if (ttl != null) {
      breakpoints++;
      ObjectNode control = block.putObject("cache_control").put("type", "ephemeral");
      if (ttl.equals("1h")) {
        control.put("ttl", ttl);
      }
    }
  }

  private void media(ArrayNode into, Part.Media media, String path) {
    boolean image = media.kind() == Part.Kind.IMAGE;
    if (!image && media.kind() != Part.Kind.DOCUMENT) {
      fit.unsupported(path, "it takes no " + media.describe());
      return;
    }
    if (!media.label().detail().isEmpty() && !media.label().detail().equals("auto")) {
      fit.dropped(path + ".detail");
    }
    ObjectNode block = Trees.object().put("type", image ? "image" : "document");
    ObjectNode source = block.putObject("source");
    if (media.url() != null) {
      source.put("type", "url").put("url", media.url());
    } else if (image || media.mime().equals("application/pdf")) {
      source.put("type", "base64").put("media_type", media.mime()).put("data", media.data());
    } else if (media.mime().startsWith("text/")) {
      String text = Texts.decode(media, path);
      source.put("type", "text").put("media_type", "text/plain").put("data", text);
    } else {
      fit.unsupported(path, "it takes documents as PDF or text, not " + media.mime());
      return;
    }
    if (!image && !media.label().name().isEmpty()) {
      block.put("title", media.label().name());
    }
    cached(block, media.label().cache());
    into.add(block);
  }

  private void reasoning(ObjectNode body, long cap) {
    Effort effort = Effort.of(conversation, fit);
    if (effort == null) {
      return;
    }
    String param = Effort.param(conversation);
    boolean byBudget = AnthropicModels.thinksByBudget(call.target().model());
    if (effort == Effort.NONE) {
      body.putObject("thinking").put("type", "disabled");
      return;
    }
    ToolChoice choice = conversation.toolChoice();
    if (choice != null && choice.mode() == ToolChoice.Mode.ANY) {
      fit.unsupported(
          param, "a model that thinks cannot be made to call a tool; leave out one of both");
      return;
    }
    if (lostThoughts()) {
      // The thoughts before the last tool call did not come back: with thinking on it is refused.
      fit.dropped(param);
      return;
    }
    thinking = true;
    if (!byBudget) {
      body.putObject("thinking").put("type", "adaptive");
      String word = effort == Effort.MINIMAL ? "low" : effort.word();
      Trees.objectIn(body, "output_config").put("effort", word);
      return;
    }
    long budget = Math.min(effort.budget(conversation), cap - 1);
    if (budget < 1024) {
      throw fit.refusal(
          param,
          "thinking takes at least 1024 tokens, and the output cap is " + cap + "; raise it");
    }
    body.putObject("thinking").put("type", "enabled").put("budget_tokens", budget);
  }

  /** Whether a tool loop is open whose thoughts the client did not bring back. */
  private boolean lostThoughts() {
    List<Turn> turns = alternating();
    if (turns.getLast().parts().stream().noneMatch(Part.ToolResult.class::isInstance)) {
      return false;
    }
    for (Part part : turns.get(turns.size() - 2).parts()) {
      if (part instanceof Part.Thinking thought
          && (Signatures.untag(Dialect.ANTHROPIC, thought.signature()) != null
              || Signatures.untag(Dialect.ANTHROPIC, thought.redacted()) != null)) {
        return false;
      }
    }
    return true;
  }

  private void tools(ObjectNode body) {
    if (conversation.tools().isEmpty()) {
      conversation.take(Option.PARALLEL_TOOL_CALLS);
      return;
    }
    ArrayNode tools = body.putArray("tools");
    for (Tool tool : offeredTools()) {
      ObjectNode written = tools.addObject().put("name", tool.name());
      if (!tool.description().isEmpty()) {
        written.put("description", tool.description());
      }
      written.set("input_schema", tool.schema());
      if (Boolean.TRUE.equals(tool.strict())) {
        written.put("strict", true);
      }
      cached(written, tool.cache());
    }
    ToolChoice choice = conversation.toolChoice();
    JsonNode parallel = conversation.take(Option.PARALLEL_TOOL_CALLS);
    boolean one = parallel != null && !parallel.asBoolean(true);
    if (choice == null && !one) {
      return;
    }
    ObjectNode written = body.putObject("tool_choice");
    String only = choice == null ? null : onlyTool(choice);
    if (only != null) {
      written.put("type", "tool").put("name", only);
    } else {
      written.put(
          "type",
          choice == null ? "auto" : choice.mode().name().toLowerCase(java.util.Locale.ROOT));
    }
    if (one && (choice == null || choice.mode() != ToolChoice.Mode.NONE)) {
      written.put("disable_parallel_tool_use", true);
    }
  }

  private void sampling(ObjectNode body) {
    Conversation.Setting temperature = conversation.peek(Option.TEMPERATURE);
    if (thinking && temperature != null && temperature.value().asDouble() != 1) {
      conversation.take(Option.TEMPERATURE);
      fit.unsupported(temperature.param(), "a model that thinks takes only 1");
    } else {
      putUpTo(body, "temperature", Option.TEMPERATURE, 1);
    }
    Conversation.Setting topP = conversation.peek(Option.TOP_P);
    if (topP != null && topP.value().asDouble() != 1) {
      put(body, "top_p", Option.TOP_P);
    }
    put(body, "top_k", Option.TOP_K);
    putStops(body, "stop_sequences", Integer.MAX_VALUE);
  }

  private void format(ObjectNode body) {
    Format format = conversation.format();
    if (format == null) {
      return;
    }
    if (format.schema() == null) {
      fit.unsupported(
          format.param(), "JSON without a schema has no mode there; send a json_schema");
      return;
    }
    ObjectNode wanted = Trees.objectIn(body, "output_config").putObject("format");
    wanted.put("type", "json_schema").set("schema", format.schema());
  }

  private void tier(ObjectNode body) {
    Conversation.Setting tier = conversation.peek(Option.SERVICE_TIER);
    if (tier == null) {
      return;
    }
    switch (tier.value().asText()) {
      case "auto" -> conversation.take(Option.SERVICE_TIER);
      case "default" -> {
        conversation.take(Option.SERVICE_TIER);
        body.put("service_tier", "standard_only");
      }
      case "fast" -> {
        conversation.take(Option.SERVICE_TIER);
        body.put("speed", "fast");
      }
      default -> {}
    }
  }
}
