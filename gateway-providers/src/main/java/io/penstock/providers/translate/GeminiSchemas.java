package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Locale;
import java.util.Map;

/**
 * Gemini's OpenAPI-like schemas as JSON Schema: upper-case types, {@code nullable}, and keywords in
 * snake case too, as Google's SDK for Python writes some.
 */
final class GeminiSchemas {
  private static final Map<String, String> CAMEL =
      Map.of(
          "additional_properties", "additionalProperties",
          "any_of", "anyOf",
          "max_items", "maxItems",
          "max_length", "maxLength",
          "max_properties", "maxProperties",
          "min_items", "minItems",
          "min_length", "minLength",
          "min_properties", "minProperties",
          "property_ordering", "propertyOrdering");

  private GeminiSchemas() {}

  static JsonNode toJsonSchema(JsonNode schema) {
    if (schema instanceof ArrayNode array) {
      ArrayNode list = Trees.array();
      array.forEach(item -> list.add(toJsonSchema(item)));
      return list;
    }
    if (!(schema instanceof ObjectNode object)) {
      return schema;
    }
    ObjectNode plain = Trees.object();
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      String name = CAMEL.getOrDefault(field.getKey(), field.getKey());
      JsonNode value = field.getValue();
      switch (name) {
        case "type" -> plain.set("type", type(value, object.path("nullable").asBoolean()));
        case "nullable", "propertyOrdering" -> {}
        case "properties" -> {
          ObjectNode properties = plain.putObject("properties");
          for (Map.Entry<String, JsonNode> property : value.properties()) {
            properties.set(property.getKey(), toJsonSchema(property.getValue()));
          }
        }
        case "items", "anyOf", "additionalProperties" -> plain.set(name, toJsonSchema(value));
        default -> plain.set(name, value);
      }
    }
    return plain;
  }

  private static JsonNode type(JsonNode type, boolean nullable) {
    if (!type.isTextual()) {
      return type;
    }
    String plain = type.textValue().toLowerCase(Locale.ROOT);
    return nullable ? Trees.array().add(plain).add("null") : TextNode.valueOf(plain);
  }
}
