package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The names of Gemini's fields, which Google takes in snake case too; its own examples are written
 * so.
 */
final class GenerateNames {
  private static final Map<String, String> CAMEL =
      Stream.of(
              "allowedFunctionNames",
              "cachedContent",
              "candidateCount",
              "codeExecution",
              "codeExecutionResult",
              "displayName",
              "executableCode",
              "fileData",
              "fileUri",
              "frequencyPenalty",
              "functionCall",
              "functionCallingConfig",
              "functionDeclarations",
              "functionResponse",
              "generationConfig",
              "googleSearch",
              "includeThoughts",
              "inlineData",
              "maxOutputTokens",
              "mediaResolution",
              "mimeType",
              "outputDimensionality",
              "parametersJsonSchema",
              "presencePenalty",
              "responseJsonSchema",
              "responseLogprobs",
              "responseMimeType",
              "responseModalities",
              "responseSchema",
              "safetySettings",
              "serviceTier",
              "speechConfig",
              "stopSequences",
              "systemInstruction",
              "taskType",
              "thinkingBudget",
              "thinkingConfig",
              "thinkingLevel",
              "thoughtSignature",
              "toolConfig",
              "topK",
              "topP",
              "urlContext",
              "videoMetadata")
          .collect(Collectors.toUnmodifiableMap(GenerateNames::snake, Function.identity()));

  /** What the client itself gave names to. */
  private static final Set<String> OPAQUE =
      Set.of(
          "args",
          "labels",
          "parameters",
          "parametersJsonSchema",
          "response",
          "responseJsonSchema",
          "responseSchema");

  private GenerateNames() {}

  private static String snake(String camel) {
    return camel.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  /** Gives the fields their names in camel case; where both are there, the client's last counts. */
  static ObjectNode camel(ObjectNode object) {
    ObjectNode named = Trees.object();
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      String name = CAMEL.getOrDefault(field.getKey(), field.getKey());
      named.set(name, OPAQUE.contains(name) ? field.getValue() : camel(field.getValue()));
    }
    return named;
  }

  private static JsonNode camel(JsonNode value) {
    if (value instanceof ObjectNode object) {
      return camel(object);
    }
    if (value instanceof ArrayNode array) {
      ArrayNode named = Trees.array();
      array.forEach(element -> named.add(camel(element)));
      return named;
    }
    return value;
  }
}
