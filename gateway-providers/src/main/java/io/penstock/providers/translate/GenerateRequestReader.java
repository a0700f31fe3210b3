package io.penstock.providers.translate;

import static java.util.Map.entry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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
          "system_instruction",
          "tools",
          "toolConfig",
          "generationConfig",
          "safetySettings",
          "model",
          "cachedContent");

  /** Calls without an id, by name: Gemini may leave ids out, then results answer in order. */
  private final Map<String, Deque<String>> unnamed = new HashMap<>();

  private int calls;

  GenerateRequestReader(Fit fit) {
    super(fit);
  }

  @Override
  Conversation read(ObjectNode body) {
    if (Trees.present(body.get("cachedContent"))) {
      throw fit.refusal("cachedContent", "it names content that only Gemini holds; send it whole");
    }
    settings(body, "", TOP, STRUCTURAL);
    if (Trees.present(body.get("safetySettings")) && !body.path("safetySettings").isEmpty()) {
      fit.unsupported("safetySettings", "its filters cannot be set from here");
    }
    JsonNode system =
        body.has("systemInstruction")
            ? body.path("systemInstruction")
            : body.path("system_instruction");
    if (system.isTextual()) {
      conversation.add(
          Role.SYSTEM, List.of(new Part.Text(system.textValue(), null)), "systemInstruction");
    } else if (Trees.present(system)) {
      conversation.add(Role.SYSTEM, parts(system, "systemInstruction"), "systemInstruction");
    }
    JsonNode contents = body.path("contents");
    if (contents.isObject()) {
      contents = Trees.array().add(contents);
    } else if (Trees.present(contents) && !contents.isArray()) {
      throw wrong("contents", "a list", contents);
    }
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
    conversation.add(who, parts(content, path), path);
  }

  private List<Part> parts(JsonNode content, String path) {
    JsonNode list = list(content, "parts", path + ".parts");
    List<Part> parts = new ArrayList<>(2);
    for (int i = 0; i < list.size(); i++) {
      part(object(list.get(i), path + ".parts." + i), path + ".parts." + i, parts);
    }
    return parts;
  }

  private void part(ObjectNode part, String path, List<Part> parts) {
    String signature = Trees.text(part, "thoughtSignature");
    if (part.path("thought").asBoolean()) {
      parts.add(new Part.Thinking(Trees.textOr(part, "text"), signature, null));
    } else if (part.has("functionCall")) {
      parts.add(call(part.path("functionCall"), signature, path + ".functionCall"));
    } else if (part.has("functionResponse")) {
      parts.add(result(part.path("functionResponse"), path + ".functionResponse"));
    } else if (part.has("inlineData")) {
      JsonNode data = part.path("inlineData");
      String mime = need(data, "mimeType", path + ".inlineData");
      String bytes = need(data, "data", path + ".inlineData");
      parts.add(new Part.Media(kind(mime), mime, bytes, null, label(data)));
    } else if (part.has("fileData")) {
      JsonNode data = part.path("fileData");
      String mime = Trees.textOr(data, "mimeType");
      String uri = need(data, "fileUri", path + ".fileData");
      parts.add(new Part.Media(kind(mime), mime, null, uri, label(data)));
    } else if (part.has("text")) {
      if (signature != null) {
        parts.add(new Part.Thinking("", signature, null));
      }
      String text = need(part, "text", path);
      if (!text.isEmpty()) {
        parts.add(new Part.Text(text, null));
      }
    } else {
      throw fit.refusal(path, "a part with " + fields(part) + " has no counterpart");
    }
  }

  private static String fields(ObjectNode part) {
    List<String> names = new ArrayList<>();
    part.fieldNames().forEachRemaining(names::add);
    return names.isEmpty() ? "nothing" : String.join(", ", names);
  }

  private static Part.Label label(JsonNode data) {
    return new Part.Label(Trees.textOr(data, "displayName"), "", null);
  }

  static Part.Kind kind(String mime) {
    if (mime.startsWith("audio/")) {
      return Part.Kind.AUDIO;
    }
    if (mime.startsWith("video/")) {
      return Part.Kind.VIDEO;
    }
    return mime.startsWith("image/") || mime.isEmpty() ? Part.Kind.IMAGE : Part.Kind.DOCUMENT;
  }

  private Part call(JsonNode call, @Nullable String signature, String path) {
    String name = need(call, "name", path);
    String id = Trees.text(call, "id");
    if (id == null || id.isEmpty()) {
      id = "call_" + calls++;
      unnamed.computeIfAbsent(name, n -> new ArrayDeque<>()).add(id);
    }
    return new Part.ToolCall(
        id, name, arguments(call.path("args"), path + ".args"), signature, null);
  }

  private Part result(JsonNode response, String path) {
    String name = need(response, "name", path);
    String id = Trees.text(response, "id");
    if (id == null || id.isEmpty()) {
      Deque<String> open = unnamed.get(name);
      String next = open == null ? null : open.poll();
      id = next == null ? name : next;
    }
    JsonNode value = response.path("response");
    JsonNode error = value.path("error");
    JsonNode inner = value.size() == 1 && value.has("result") ? value.path("result") : value;
    boolean failed = value.size() == 1 && Trees.present(error);
    JsonNode shown = failed ? error : inner;
    List<Part> content = new ArrayList<>(1);
    content.add(new Part.Text(shown.isTextual() ? shown.textValue() : Trees.string(shown), null));
    for (JsonNode part : response.path("parts")) {
      part(object(part, path + ".parts"), path + ".parts", content);
    }
    return new Part.ToolResult(id, content, failed, null);
  }

  private void config(JsonNode config) {
    if (!Trees.present(config)) {
      return;
    }
    settings(object(config, "generationConfig"), "generationConfig.", OPTIONS, CONFIG);
    if (Trees.present(config.get("mediaResolution"))) {
      fit.dropped("generationConfig.mediaResolution");
    }
    JsonNode schema =
        config.has("responseJsonSchema")
            ? config.path("responseJsonSchema")
            : config.path("responseSchema");
    String param = "generationConfig.responseSchema";
    if (Trees.present(schema)) {
      JsonNode plain =
          config.has("responseJsonSchema") ? schema : GeminiSchemas.toJsonSchema(schema);
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
      conversation.set(
          Option.THINKING_BUDGET, "generationConfig.thinkingConfig.thinkingBudget", budget);
    }
  }

  private void tools(ObjectNode body) {
    JsonNode tools = list(body, "tools", "tools");
    for (int i = 0; i < tools.size(); i++) {
      for (Map.Entry<String, JsonNode> kind : object(tools.get(i), "tools." + i).properties()) {
        if (!kind.getKey().equals("functionDeclarations")) {
          fit.unsupported("tools." + i + "." + kind.getKey(), "this tool runs only at Google");
          continue;
        }
        for (JsonNode function : kind.getValue()) {
          declare(function, "tools." + i + ".functionDeclarations");
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
            default -> ToolChoice.Mode.AUTO;
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
