package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Writes an Anthropic Messages request. */
final class AnthropicRequestWriter extends BlockRequestWriter {
  private static final Set<String> IMAGES =
      Set.of("image/gif", "image/jpeg", "image/png", "image/webp");

  private static final Pattern TOOL_NAME = Pattern.compile("[a-zA-Z0-9_-]{1,128}");

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
    if (cap < 0 && !call.endpoint().isConversation()) {
      // A count has no output, and no cap is sent with it.
      cap = Integer.MAX_VALUE;
    }
    if (cap < 0) {
      throw fit.refusal(
          "max_tokens", "it is required there and the model's own limit is not known; send it");
    }
    body.put("max_tokens", cap);
    system(body);
    messages(body.putArray("messages"));
    trimPrefill(body.path("messages"));
    ClaudeThinking thinking = reasoning(body, cap);
    tools(body);
    refuseSampling();
    temperature(body, thinking);
    sampling(body);
    format(body);
    JsonNode user = conversation.take(Option.END_USER);
    if (user != null) {
      body.putObject("metadata").put("user_id", hash(user.asText()));
    }
    tier(body);
    if (call.stream()) {
      body.put("stream", true);
    }
    return body;
  }

  private void system(ObjectNode body) {
    ArrayNode blocks = Trees.array();
    system(blocks);
    if (blocks.isEmpty()) {
      return;
    }
    body.set("system", blocks);
    if (blocks.size() == 1 && !blocks.get(0).has("cache_control")) {
      body.set("system", blocks.get(0).get("text"));
    }
  }

  @Override
  void written(ObjectNode message, ArrayNode content) {
    simplify(message, content);
  }

  /** What the model is to continue must not end in white space. */
  private static void trimPrefill(JsonNode messages) {
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

  @Override
  void block(ArrayNode into, Part part, String path) {
    switch (part) {
      case Part.Text text -> {
        // A block of white space alone is refused.
        if (!text.text().isBlank()) {
          cached(into.addObject().put("type", "text").put("text", text.text()), text.cache());
        }
      }
      case Part.Media media -> media(into, media, path);
      case Part.ToolCall made -> {
        ObjectNode block =
            into.addObject().put("type", "tool_use").put("id", ids.ofCall(made.id()));
        block.put("name", made.name()).set("input", made.arguments());
        cached(block, made.cache());
      }
      case Part.ToolResult result -> {
        ObjectNode block =
            into.addObject()
                .put("type", "tool_result")
                .put("tool_use_id", ids.ofResult(result.id()));
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

  @Override
  boolean isWritten(Part.Thinking thought) {
    return Signatures.isOf(Dialect.ANTHROPIC, thought);
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
      breakpoint();
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
      String mime = media.mime().equals("image/jpg") ? "image/jpeg" : media.mime();
      if (image && !IMAGES.contains(mime)) {
        fit.unsupported(path, "it takes images as gif, jpeg, png or webp, not " + mime);
        return;
      }
      source.put("type", "base64").put("media_type", mime).put("data", media.data());
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

  private @Nullable ClaudeThinking reasoning(ObjectNode body, long cap) {
    Effort effort = Effort.of(conversation, fit);
    if (effort == null) {
      return null;
    }
    var model = new ClaudeThinking.Model(call.target().model(), Dialect.ANTHROPIC, cap);
    ClaudeThinking thinking = ClaudeThinking.of(model, effort, this);
    if (thinking != null) {
      thinking.write(body);
      if (thinking.effort() != null) {
        Trees.objectIn(body, "output_config").put("effort", thinking.effort());
      }
    }
    return thinking;
  }

  private void tools(ObjectNode body) {
    if (conversation.tools().isEmpty()) {
      conversation.take(Option.PARALLEL_TOOL_CALLS);
      return;
    }
    checkToolNames(TOOL_NAME);
    ArrayNode tools = body.putArray("tools");
    for (Tool tool : offeredTools()) {
      ObjectNode written = tools.addObject().put("name", tool.name());
      if (!tool.description().isEmpty()) {
        written.put("description", tool.description());
      }
      written.set("input_schema", tool.schema());
      if (strict(tool)) {
        written.put("strict", true);
      }
      cached(written, tool.cache());
    }
    ToolChoice choice = conversation.toolChoice();
    JsonNode parallel = conversation.take(Option.PARALLEL_TOOL_CALLS);
    boolean one = conversation.oneCall() || (parallel != null && !parallel.asBoolean(true));
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
    Conversation.Setting topP = conversation.peek(Option.TOP_P);
    if (topP != null && topP.value().asDouble() != 1) {
      put(body, "top_p", Option.TOP_P);
    }
    put(body, "top_k", Option.TOP_K);
    putStops(body, "stop_sequences", Integer.MAX_VALUE);
  }

  private void format(ObjectNode body) {
    Format format = schemaFormat();
    if (format != null) {
      ObjectNode wanted = Trees.objectIn(body, "output_config").putObject("format");
      wanted.put("type", "json_schema").set("schema", format.schema());
    }
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
