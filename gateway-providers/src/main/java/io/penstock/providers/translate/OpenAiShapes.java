package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.providers.translate.Conversation.Format;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.ToolChoice;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Shapes that chat completions and Responses have in common. */
final class OpenAiShapes {
  private OpenAiShapes() {}

  /**
   * Reads a tool.
   *
   * @param path of the tool
   * @param within where in it its name and schema stand, "" for the tool itself
   */
  static void tool(
      JsonNode function, @Nullable String cache, String path, String within, Conversation into) {
    JsonNode strict = function.path("strict");
    into.tool(
        new Tool(
            RequestReader.need(function, "name", path + within),
            Trees.textOr(function, "description"),
            RequestReader.schema(function.path("parameters")),
            strict.isBoolean() ? strict.booleanValue() : null,
            cache,
            path));
  }

  /**
   * Reads a tool choice.
   *
   * @param named the object that has the name of a chosen function
   */
  static void toolChoice(
      JsonNode choice, JsonNode named, String param, Conversation into, Fit fit) {
    if (choice.isTextual()) {
      into.toolChoice(new ToolChoice(mode(choice.textValue(), param, fit), List.of(), param));
      return;
    }
    String type = Trees.textOr(choice, "type");
    if (type.equals("function")) {
      String name = RequestReader.need(named, "name", param);
      into.toolChoice(new ToolChoice(ToolChoice.Mode.ANY, List.of(name), param));
    } else if (type.equals("allowed_tools")) {
      JsonNode allowed =
          choice.path("allowed_tools").isObject() ? choice.path("allowed_tools") : choice;
      List<String> names = new ArrayList<>();
      for (JsonNode tool : allowed.path("tools")) {
        JsonNode function = tool.path("function").isObject() ? tool.path("function") : tool;
        names.add(RequestReader.need(function, "name", param + ".tools"));
      }
      String mode = Trees.textOr(allowed, "mode");
      into.toolChoice(new ToolChoice(mode(mode, param + ".mode", fit), names, param));
    } else {
      fit.unsupported(param, "the choice \"" + type + "\" has no counterpart there");
    }
  }

  private static ToolChoice.Mode mode(String mode, String param, Fit fit) {
    return switch (mode) {
      case "auto" -> ToolChoice.Mode.AUTO;
      case "none" -> ToolChoice.Mode.NONE;
      case "required", "any" -> ToolChoice.Mode.ANY;
      default ->
          throw fit.refusal(
              param, "\"" + mode + "\" is unknown (expected: auto, none or required)");
    };
  }

  /** Reads {@code response_format} or {@code text.format}; they nest the schema differently. */
  static void format(JsonNode format, JsonNode body, String param, Conversation into) {
    String type = RequestReader.need(format, "type", param);
    switch (type) {
      case "text" -> {}
      case "json_object" -> into.format(new Format("", null, null, param));
      case "json_schema" -> {
        String path = body.equals(format) ? param : param + ".json_schema";
        ObjectNode schema = RequestReader.object(body.path("schema"), path + ".schema");
        JsonNode strict = body.path("strict");
        into.format(
            new Format(
                Trees.textOr(body, "name"),
                schema,
                strict.isBoolean() ? strict.booleanValue() : null,
                param));
      }
      default ->
          throw RequestReader.wrong(
              param + ".type", "text, json_object or json_schema", format.path("type"));
    }
  }

  /**
   * Returns whether OpenAI takes a schema as strict: every object names all of its properties as
   * required and takes no others.
   */
  static boolean isClosed(JsonNode schema) {
    JsonNode properties = schema.path("properties");
    boolean object =
        properties.isObject()
            || schema.path("type").asText().equals("object")
            || schema.path("type").toString().contains("\"object\"");
    if (object) {
      Set<String> required = new HashSet<>();
      schema.path("required").forEach(name -> required.add(name.asText()));
      JsonNode more = schema.path("additionalProperties");
      if (!more.isBoolean() || more.booleanValue()) {
        return false;
      }
      for (Map.Entry<String, JsonNode> property : properties.properties()) {
        if (!required.contains(property.getKey()) || !isClosed(property.getValue())) {
          return false;
        }
      }
    }
    for (String inner : List.of("$defs", "definitions", "anyOf", "oneOf", "allOf", "prefixItems")) {
      for (JsonNode one : schema.path(inner)) {
        if (!isClosed(one)) {
          return false;
        }
      }
    }
    return !schema.path("items").isObject() || isClosed(schema.path("items"));
  }

  /** Reads a file part; one that lies at a provider cannot be sent to another. */
  static Part file(JsonNode file, String path, @Nullable String cache, Fit fit) {
    if (Trees.present(file.get("file_id"))) {
      throw fit.refusal(
          path + ".file_id", "a file that was uploaded elsewhere is not there; send its data");
    }
    String name = Trees.textOr(file, "filename");
    Part.Label label = new Part.Label(name, "", cache);
    String url = Trees.text(file, "file_url");
    if (url != null) {
      return new Part.Media(Part.Kind.DOCUMENT, "application/pdf", null, url, label);
    }
    String data = RequestReader.need(file, "file_data", path);
    if (RequestReader.isData(data)) {
      return RequestReader.media(Part.Kind.DOCUMENT, data, label, path + ".file_data");
    }
    return new Part.Media(Part.Kind.DOCUMENT, mimeOf(name), data, null, label);
  }

  private static String mimeOf(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return switch (lower.substring(lower.lastIndexOf('.') + 1)) {
      case "txt" -> "text/plain";
      case "csv" -> "text/csv";
      case "html" -> "text/html";
      case "md" -> "text/markdown";
      case "docx" -> "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
      case "xlsx" -> "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
      default -> "application/pdf";
    };
  }

  /**
   * Reads the thoughts of an assistant message: {@code reasoning_details} as Penstock writes them,
   * in order and signed, else the bare {@code reasoning_content}.
   */
  static void thoughts(JsonNode message, List<Part> parts) {
    JsonNode details = message.path("reasoning_details");
    if (details.isArray() && !details.isEmpty()) {
      for (JsonNode detail : details) {
        String redacted = Trees.text(detail, "data");
        String signature = Trees.text(detail, "signature");
        parts.add(new Part.Thinking(Trees.textOr(detail, "text"), signature, redacted));
      }
      return;
    }
    String bare = Trees.textOr(message, "reasoning_content");
    if (!bare.isEmpty()) {
      parts.add(new Part.Thinking(bare, null, null));
    }
  }
}
