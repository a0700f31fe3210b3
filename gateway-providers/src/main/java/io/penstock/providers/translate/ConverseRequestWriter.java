package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import io.penstock.providers.translate.Conversation.Turn;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes a Bedrock Converse request; the model is in the path. */
final class ConverseRequestWriter extends RequestWriter {
  private static final Map<String, String> DOCUMENTS =
      Map.of(
          "application/pdf", "pdf",
          "text/csv", "csv",
          "text/html", "html",
          "text/plain", "txt",
          "text/markdown", "md",
          "application/msword", "doc",
          "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx",
          "application/vnd.ms-excel", "xls",
          "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx");

  private int documents;

  ConverseRequestWriter(ProviderCall call, Conversation conversation, Fit fit) {
    super(call, conversation, fit);
  }

  @Override
  ObjectNode write() {
    ObjectNode body = Trees.object();
    int count = systemTurns();
    if (count > 0) {
      ArrayNode system = body.putArray("system");
      for (Turn turn : conversation.turns().subList(0, count)) {
        turn.parts().forEach(part -> block(system, part, turn.path()));
      }
    }
    messages(body.putArray("messages"));
    ObjectNode config = Trees.object();
    putCap(config, "maxTokens");
    putUpTo(config, "temperature", Option.TEMPERATURE, 1);
    put(config, "topP", Option.TOP_P);
    putStops(config, "stopSequences", Integer.MAX_VALUE);
    if (!config.isEmpty()) {
      body.set("inferenceConfig", config);
    }
    tools(body);
    format(body);
    reasoning(body, config.path("maxTokens").asLong(call.modelOutputLimit()));
    JsonNode topK = conversation.take(Option.TOP_K);
    if (topK != null) {
      Trees.objectIn(body, "additionalModelRequestFields").set("top_k", topK);
    }
    Conversation.Setting tier = conversation.peek(Option.SERVICE_TIER);
    if (tier != null && List.of("flex", "priority").contains(tier.value().asText())) {
      conversation.take(Option.SERVICE_TIER);
      body.putObject("serviceTier").set("type", tier.value());
    }
    return body;
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
      turn.parts().forEach(part -> block(content, part, turn.path()));
      if (content.isEmpty()) {
        throw fit.refusal(turn.path(), "nothing is left of this message");
      }
    }
  }

  private void block(ArrayNode into, Part part, String path) {
    switch (part) {
      case Part.Text text -> {
        if (!text.text().isBlank()) {
          into.addObject().put("text", text.text());
          cachePoint(into, text.cache());
        }
      }
      case Part.Media media -> media(into, media, path);
      case Part.ToolCall made -> {
        ObjectNode use = into.addObject().putObject("toolUse");
        use.put("toolUseId", plainId(made.id())).put("name", made.name());
        use.set("input", made.arguments());
        cachePoint(into, made.cache());
      }
      case Part.ToolResult result -> {
        ObjectNode written = into.addObject().putObject("toolResult");
        ArrayNode content = written.put("toolUseId", plainId(result.id())).putArray("content");
        for (Part inner : result.content()) {
          if (inner instanceof Part.Text text) {
            content.addObject().put("text", text.text());
          } else {
            block(content, inner, path);
          }
        }
        written.put("status", result.error() ? "error" : "success");
        cachePoint(into, result.cache());
      }
      case Part.Thinking thought -> thought(into, thought);
    }
  }

  private static void thought(ArrayNode into, Part.Thinking thought) {
    String redacted = Signatures.untag(Dialect.BEDROCK, thought.redacted());
    String signature = Signatures.untag(Dialect.BEDROCK, thought.signature());
    if (redacted != null) {
      into.addObject().putObject("reasoningContent").put("redactedContent", redacted);
    } else if (signature != null) {
      ObjectNode text = into.addObject().putObject("reasoningContent").putObject("reasoningText");
      text.put("text", thought.text()).put("signature", signature);
    }
  }

  private static void cachePoint(ArrayNode into, @Nullable String ttl) {
    if (ttl != null) {
      ObjectNode point = into.addObject().putObject("cachePoint").put("type", "default");
      if (ttl.equals("1h")) {
        point.put("ttl", ttl);
      }
    }
  }

  private void media(ArrayNode into, Part.Media media, String path) {
    if (media.url() != null) {
      fit.unsupported(path, "it takes no URLs, and the gateway fetches none; send the data");
      return;
    }
    if (!media.label().detail().isEmpty() && !media.label().detail().equals("auto")) {
      fit.dropped(path + ".detail");
    }
    String subtype = media.mime().substring(media.mime().indexOf('/') + 1);
    switch (media.kind()) {
      case IMAGE -> {
        String format = subtype.equals("jpg") ? "jpeg" : subtype;
        if (!List.of("gif", "jpeg", "png", "webp").contains(format)) {
          fit.unsupported(path, "it takes images as gif, jpeg, png or webp, not " + media.mime());
          return;
        }
        source(into.addObject().putObject("image").put("format", format), media);
      }
      case DOCUMENT -> {
        String format = DOCUMENTS.get(media.mime());
        if (format == null) {
          fit.unsupported(path, "it takes no documents of type " + media.mime());
          return;
        }
        String name = documentName(media.label().name());
        source(
            into.addObject().putObject("document").put("format", format).put("name", name), media);
      }
      case VIDEO -> source(into.addObject().putObject("video").put("format", subtype), media);
      case AUDIO -> source(into.addObject().putObject("audio").put("format", subtype), media);
    }
    cachePoint(into, media.label().cache());
  }

  private static void source(ObjectNode block, Part.Media media) {
    block.putObject("source").put("bytes", media.data());
  }

  /** Names are required, unique and of few characters; the file's ending is not part of them. */
  private String documentName(String name) {
    int dot = name.lastIndexOf('.');
    String plain =
        (dot > 0 ? name.substring(0, dot) : name).replaceAll("[^a-zA-Z0-9 ()\\[\\]-]", "-");
    documents++;
    plain = plain.replaceAll(" +", " ").strip();
    return (plain.isEmpty() ? "document" : plain) + (documents > 1 ? "-" + documents : "");
  }

  private void tools(ObjectNode body) {
    ToolChoice choice = conversation.toolChoice();
    boolean none = choice != null && choice.mode() == ToolChoice.Mode.NONE;
    if (conversation.tools().isEmpty() || (none && !conversation.usesTools())) {
      conversation.take(Option.PARALLEL_TOOL_CALLS);
      return;
    }
    if (none && choice != null) {
      fit.unsupported(choice.param(), "tools that were called before cannot be forbidden there");
    }
    ObjectNode config = body.putObject("toolConfig");
    ArrayNode tools = config.putArray("tools");
    for (Tool tool : offeredTools()) {
      ObjectNode spec = tools.addObject().putObject("toolSpec").put("name", tool.name());
      if (!tool.description().isEmpty()) {
        spec.put("description", tool.description());
      }
      spec.putObject("inputSchema").set("json", tool.schema());
      if (Boolean.TRUE.equals(tool.strict())) {
        spec.put("strict", true);
      }
      cachePoint(tools, tool.cache());
    }
    if (choice == null || none) {
      return;
    }
    ObjectNode written = config.putObject("toolChoice");
    String only = onlyTool(choice);
    if (only != null) {
      written.putObject("tool").put("name", only);
    } else {
      written.putObject(choice.mode() == ToolChoice.Mode.ANY ? "any" : "auto");
    }
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
    ObjectNode text = body.putObject("outputConfig").putObject("textFormat");
    ObjectNode schema =
        text.put("type", "json_schema").putObject("structure").putObject("jsonSchema");
    schema.put("schema", Trees.string(format.schema()));
    schema.put("name", format.name().isEmpty() ? "answer" : format.name());
  }

  private void reasoning(ObjectNode body, long cap) {
    Effort effort = Effort.of(conversation, fit);
    if (effort == null) {
      return;
    }
    String model = call.target().model();
    if (!model.contains("claude")) {
      if (effort != Effort.NONE) {
        Trees.objectIn(body, "outputConfig").put("effort", effort.word());
      }
      return;
    }
    ObjectNode fields = Trees.objectIn(body, "additionalModelRequestFields");
    if (effort == Effort.NONE) {
      fields.putObject("thinking").put("type", "disabled");
    } else if (AnthropicModels.thinksByBudget(model)) {
      long budget = effort.budget(conversation);
      budget = cap > 0 ? Math.min(budget, cap - 1) : budget;
      if (budget < 1024) {
        throw fit.refusal(
            Effort.param(conversation),
            "thinking takes at least 1024 tokens, and the output cap is " + cap);
      }
      fields.putObject("thinking").put("type", "enabled").put("budget_tokens", budget);
    } else {
      fields.putObject("thinking").put("type", "adaptive");
      Trees.objectIn(body, "outputConfig")
          .put("effort", effort == Effort.MINIMAL ? "low" : effort.word());
    }
  }
}
