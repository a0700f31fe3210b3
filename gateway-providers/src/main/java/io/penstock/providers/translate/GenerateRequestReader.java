package io.penstock.providers.translate;

import static java.util.Map.entry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import io.penstock.providers.translate.Conversation.Turn;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Reads {@code generateContent} and its kin of Gemini. */
final class GenerateRequestReader extends RequestReader {
  private static final Map<String, Option> OPTIONS =
      Map.ofEntries(
          entry("maxOutputTokens", Option.MAX_TOKENS),
          entry("temperature", Option.TEMPERATURE),
          entry("topP", Option.TOP_P),
          entry("topK", Option.TOP_K),
          entry("stopSequences", Option.STOP),
          entry("frequencyPenalty", Option.FREQUENCY_PENALTY),
          entry("presencePenalty", Option.PRESENCE_PENALTY),
          entry("responseLogprobs", Option.LOGPROBS),
          entry("logprobs", Option.TOP_LOGPROBS),
          entry("candidateCount", Option.CHOICES),
          entry("responseModalities", Option.MODALITIES),
          entry("speechConfig", Option.AUDIO),
          entry("seed", Option.SEED));

  private static final Set<String> CONFIG =
      Set.of(
          "responseMimeType",
          "responseSchema",
          "responseJsonSchema",
          "thinkingConfig",
          "mediaResolution");

  private static final Map<String, Option> TOP =
      Map.of("serviceTier", Option.SERVICE_TIER, "store", Option.STORE, "labels", Option.METADATA);

  private static final Set<String> STRUCTURAL =
      Set.of(
          "contents",
          "systemInstruction",
          "tools",
          "toolConfig",
          "generationConfig",
          "safetySettings",
          "model",
          "cachedContent");

  private final GenerateParts parts;

  GenerateRequestReader(Fit fit) {
    super(fit);
    this.parts = new GenerateParts(fit);
  }

  @Override
  Conversation read(ObjectNode request) {
    ObjectNode body = GenerateNames.camel(request);
    if (Trees.present(body.get("cachedContent"))) {
      throw fit.refusal("cachedContent", "it names content that only Gemini holds; send it whole");
    }
    settings(body, "", TOP, STRUCTURAL);
    if (Trees.present(body.get("safetySettings")) && !body.path("safetySettings").isEmpty()) {
      fit.unsupported("safetySettings", "its filters cannot be set from here");
    }
    JsonNode system = body.path("systemInstruction");
    if (system.isTextual()) {
      conversation.add(
          Role.SYSTEM, List.of(new Part.Text(system.textValue(), null)), "systemInstruction");
    } else if (Trees.present(system)) {
      conversation.add(Role.SYSTEM, parts.read(system, "systemInstruction"), "systemInstruction");
    }
    JsonNode contents = oneOrMore(body, "contents", "contents");
    for (int i = 0; i < contents.size(); i++) {
      content(object(contents.get(i), "contents." + i), "contents." + i);
    }
    config(body.path("generationConfig"));
    tools(body);
    conversation.validate("contents");
    return conversation;
  }

  private void content(ObjectNode content, String path) {
    String role = Trees.text(content, "role");
    Role who =
        switch (role == null ? "user" : role) {
          case "user", "function" -> Role.USER;
          case "model" -> Role.ASSISTANT;
          default ->
              throw fit.refusal(
                  path + ".role", "the role \"" + role + "\" is unknown (expected: user or model)");
        };
    List<Part> read = parts.read(content, path);
    Turn last = conversation.turns().isEmpty() ? null : conversation.turns().getLast();
    // An SDK that keeps a streamed answer writes every chunk as a content of its own.
    if (who == Role.ASSISTANT
        && last != null
        && last.role() == who
        && !read.isEmpty()
        && read.getFirst() instanceof Part.Thinking next
        && GenerateParts.joined(last.parts(), next)) {
      read.removeFirst();
    }
    conversation.add(who, read, path);
  }

  private void config(JsonNode config) {
    if (!Trees.present(config)) {
      return;
    }
    settings(object(config, "generationConfig"), "generationConfig.", OPTIONS, CONFIG);
    if (Trees.present(config.get("mediaResolution"))) {
      fit.dropped("generationConfig.mediaResolution");
    }
    String field = config.has("responseJsonSchema") ? "responseJsonSchema" : "responseSchema";
    JsonNode schema = config.path(field);
    if (Trees.textOr(config, "responseMimeType").equals("text/x.enum")) {
      fit.unsupported(
          "generationConfig.responseMimeType",
          "it answers with objects only; ask for application/json with the choice as a property");
    } else if (Trees.present(schema)) {
      String param = "generationConfig." + field;
      JsonNode plain =
          field.equals("responseJsonSchema") ? schema : GeminiSchemas.toJsonSchema(schema);
      conversation.format(new Format("answer", object(plain, param), null, param));
    } else if (Trees.textOr(config, "responseMimeType").equals("application/json")) {
      conversation.format(new Format("", null, null, "generationConfig.responseMimeType"));
    }
    JsonNode thinking = config.path("thinkingConfig");
    JsonNode budget = thinking.path("thinkingBudget");
    JsonNode level = thinking.path("thinkingLevel");
    if (Trees.present(level)) {
      String effort = level.asText().toLowerCase(Locale.ROOT);
      conversation.set(
          Option.REASONING_EFFORT,
          "generationConfig.thinkingConfig.thinkingLevel",
          TextNode.valueOf(effort));
    } else if (budget.isNumber() && budget.asLong() == 0) {
      conversation.set(
          Option.REASONING_EFFORT,
          "generationConfig.thinkingConfig.thinkingBudget",
          TextNode.valueOf("none"));
    } else if (budget.isNumber() && budget.asLong() > 0) {
      JsonNode whole = Trees.whole(budget);
      conversation.set(
          Option.THINKING_BUDGET,
          "generationConfig.thinkingConfig.thinkingBudget",
          whole == null ? budget : whole);
    }
  }

  private void tools(ObjectNode body) {
    JsonNode tools = oneOrMore(body, "tools", "tools");
    for (int i = 0; i < tools.size(); i++) {
      for (Map.Entry<String, JsonNode> kind : object(tools.get(i), "tools." + i).properties()) {
        if (!kind.getKey().equals("functionDeclarations")) {
          fit.unsupported("tools." + i + "." + kind.getKey(), "this tool runs only at Google");
          continue;
        }
        String path = "tools." + i + ".functionDeclarations";
        for (JsonNode function : oneOrMore(tools.get(i), kind.getKey(), path)) {
          declare(function, path);
        }
      }
    }
    JsonNode config = body.path("toolConfig").path("functionCallingConfig");
    if (Trees.present(config.get("mode"))) {
      String param = "toolConfig.functionCallingConfig";
      List<String> names = new ArrayList<>();
      config.path("allowedFunctionNames").forEach(name -> names.add(name.asText()));
      ToolChoice.Mode mode =
          switch (config.path("mode").asText()) {
            case "ANY" -> ToolChoice.Mode.ANY;
            case "NONE" -> ToolChoice.Mode.NONE;
            case "VALIDATED" -> {
              // Strict schemas elsewhere take less than Gemini's: the choice stays, the check goes.
              fit.dropped(param + ".mode");
              yield ToolChoice.Mode.AUTO;
            }
            case "AUTO", "MODE_UNSPECIFIED" -> ToolChoice.Mode.AUTO;
            default ->
                throw wrong(param + ".mode", "AUTO, ANY, NONE or VALIDATED", config.path("mode"));
          };
      conversation.toolChoice(new ToolChoice(mode, names, param));
    }
  }

  private void declare(JsonNode function, String path) {
    JsonNode schema =
        function.has("parametersJsonSchema")
            ? function.path("parametersJsonSchema")
            : GeminiSchemas.toJsonSchema(function.path("parameters"));
    conversation.tool(
        new Tool(
            need(function, "name", path),
            Trees.textOr(function, "description"),
            schema(schema),
            null,
            null,
            path));
  }
}
