package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes a Bedrock Converse request; the model is in the path. */
final class ConverseRequestWriter extends BlockRequestWriter {
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

  /** What a tool answered that answered nothing: a blank text is refused. */
  private static final String NOTHING = "(empty)";

  /** Of the 200 characters of a name; the rest makes it unique. */
  private static final int MOST_NAME = 190;

  /** Where its word differs from the media type's. */
  private static final Map<String, String> VIDEOS =
      Map.of(
          "quicktime", "mov",
          "3gpp", "three_gp",
          "x-matroska", "mkv",
          "x-flv", "flv",
          "x-ms-wmv", "wmv");

  private final Set<String> documents = new HashSet<>();

  ConverseRequestWriter(ProviderCall call, Conversation conversation, Fit fit) {
    super(call, conversation, fit);
  }

  @Override
  ObjectNode write() {
    ObjectNode body = Trees.object();
    ArrayNode system = Trees.array();
    system(system);
    if (!system.isEmpty()) {
      body.set("system", system);
    }
    messages(body.putArray("messages"));
    ObjectNode config = Trees.object();
    putCap(config, "maxTokens");
    Effort effort = Effort.of(conversation, fit);
    ClaudeThinking thinking =
        effort == null || !isClaude()
            ? null
            : claude(effort, config.path("maxTokens").asLong(call.modelOutputLimit()));
    refuseSampling();
    temperature(config, thinking);
    put(config, "topP", Option.TOP_P);
    putStops(config, "stopSequences", Integer.MAX_VALUE);
    if (!config.isEmpty()) {
      body.set("inferenceConfig", config);
    }
    tools(body);
    format(body);
    reasoning(body, effort, thinking);
    topK(body);
    Conversation.Setting tier = conversation.peek(Option.SERVICE_TIER);
    if (tier != null && List.of("flex", "priority").contains(tier.value().asText())) {
      conversation.take(Option.SERVICE_TIER);
      body.putObject("serviceTier").set("type", tier.value());
    }
    return body;
  }

  /** Converse has no word for it: it is each model's own, and most refuse any. */
  private void topK(ObjectNode body) {
    boolean nova = call.target().model().contains("amazon.nova");
    if (!isClaude() && !nova) {
      refuseBut(Double.NaN, Option.TOP_K);
    }
    JsonNode topK = conversation.take(Option.TOP_K);
    if (topK != null) {
      ObjectNode fields = Trees.objectIn(body, "additionalModelRequestFields");
      (nova ? Trees.objectIn(fields, "inferenceConfig") : fields)
          .set(nova ? "topK" : "top_k", topK);
    }
  }

  @Override
  void block(ArrayNode into, Part part, String path) {
    switch (part) {
      case Part.Text text -> {
        if (!text.text().isBlank()) {
          into.addObject().put("text", text.text());
          cachePoint(into, text.cache());
        }
      }
      case Part.Media media -> {
        media(into, media, path);
        cachePoint(into, media.label().cache());
      }
      case Part.ToolCall made -> {
        ObjectNode use = into.addObject().putObject("toolUse");
        use.put("toolUseId", ids.ofCall(made.id())).put("name", made.name());
        use.set("input", made.arguments());
        cachePoint(into, made.cache());
      }
      case Part.ToolResult result -> {
        ObjectNode written = into.addObject().putObject("toolResult");
        ArrayNode content = written.put("toolUseId", ids.ofResult(result.id())).putArray("content");
        // A point has no place inside a result: it stands behind it.
        String cache = result.cache();
        for (Part inner : result.content()) {
          if (inner instanceof Part.Text text) {
            if (!text.text().isBlank()) {
              content.addObject().put("text", text.text());
            }
            cache = cache == null ? text.cache() : cache;
          } else if (inner instanceof Part.Media media) {
            media(content, media, path);
            cache = cache == null ? media.label().cache() : cache;
          }
        }
        if (content.isEmpty()) {
          content.addObject().put("text", NOTHING);
        }
        written.put("status", result.error() ? "error" : "success");
        cachePoint(into, cache);
      }
      case Part.Thinking thought -> thought(into, thought);
    }
  }

  @Override
  boolean isWritten(Part.Thinking thought) {
    return Signatures.isOf(Dialect.BEDROCK, thought);
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

  private void cachePoint(ArrayNode into, @Nullable String ttl) {
    if (ttl != null) {
      breakpoint();
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
      case VIDEO -> {
        String format = VIDEOS.getOrDefault(subtype, subtype);
        source(into.addObject().putObject("video").put("format", format), media);
      }
      case AUDIO -> source(into.addObject().putObject("audio").put("format", subtype), media);
    }
  }

  private static void source(ObjectNode block, Part.Media media) {
    block.putObject("source").put("bytes", media.data());
  }

  /** Names are required, unique and of few characters; the file's ending is not part of them. */
  private String documentName(String name) {
    int dot = name.lastIndexOf('.');
    String plain =
        (dot > 0 ? name.substring(0, dot) : name).replaceAll("[^a-zA-Z0-9 ()\\[\\]-]", "-");
    plain = plain.replaceAll(" +", " ");
    plain = plain.substring(0, Math.min(plain.length(), MOST_NAME)).strip();
    plain = plain.isEmpty() ? "document" : plain;
    String unique = plain;
    for (int n = 2; !documents.add(unique); n++) {
      unique = plain + "-" + n;
    }
    return unique;
  }

  private void tools(ObjectNode body) {
    ToolChoice choice = conversation.toolChoice();
    boolean none = choice != null && choice.mode() == ToolChoice.Mode.NONE;
    if (conversation.tools().isEmpty() && conversation.usesTools()) {
      throw fit.refusal("tools", "tools that were called before must be declared again");
    }
    if (conversation.tools().isEmpty() || (none && !conversation.usesTools())) {
      conversation.take(Option.PARALLEL_TOOL_CALLS);
      return;
    }
    if (none && choice != null) {
      fit.unsupported(choice.param(), "tools that were called before cannot be forbidden there");
    }
    checkToolNames(PLAIN_ID);
    ObjectNode config = body.putObject("toolConfig");
    ArrayNode tools = config.putArray("tools");
    for (Tool tool : offeredTools()) {
      ObjectNode spec = tools.addObject().putObject("toolSpec").put("name", tool.name());
      if (!tool.description().isEmpty()) {
        spec.put("description", tool.description());
      }
      spec.putObject("inputSchema").set("json", tool.schema());
      if (strict(tool)) {
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
    Format format = schemaFormat();
    if (format == null || format.schema() == null) {
      return;
    }
    ObjectNode text = body.putObject("outputConfig").putObject("textFormat");
    ObjectNode schema =
        text.put("type", "json_schema").putObject("structure").putObject("jsonSchema");
    schema.put("schema", Trees.string(format.schema()));
    schema.put("name", format.name().isEmpty() ? "answer" : format.name());
  }

  private @Nullable ClaudeThinking claude(Effort effort, long cap) {
    var model = new ClaudeThinking.Model(call.target().model(), Dialect.BEDROCK, cap);
    return ClaudeThinking.of(model, effort, this);
  }

  /** Claude takes its own fields, every other model an effort. */
  private void reasoning(
      ObjectNode body, @Nullable Effort effort, @Nullable ClaudeThinking thinking) {
    if (thinking != null) {
      thinking.write(Trees.objectIn(body, "additionalModelRequestFields"));
    }
    String word =
        isClaude()
            ? thinking == null ? null : thinking.effort()
            : effort == null || effort == Effort.NONE ? null : effort.word();
    if (word != null) {
      Trees.objectIn(body, "outputConfig").put("effort", word);
    }
  }
}
