package io.penstock.server.call.serve;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Endpoint;
import io.penstock.core.body.BodyMemory;
import io.penstock.core.body.BodyWeight;
import io.penstock.core.body.LongTexts;
import io.penstock.core.body.RequestJson;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The JSON schema that a client asked its answer to fit, as far as a cascade's {@code
 * response.json} judges by it: types, properties, items, alternatives, choices and bounds. What
 * else a schema says (patterns, formats) is not judged: an answer is not turned down for it.
 * Immutable.
 */
final class AskedSchema {
  /** Deeper than any answer; a schema may refer to itself. */
  private static final int DEEPEST = 100;

  private final JsonNode root;

  AskedSchema(JsonNode root) {
    this.root = root;
  }

  private static BodyMemory.Room room(byte[] body) {
    long takes = body.length < BodyMemory.SMALL ? 0 : BodyWeight.of(body).reading();
    return BodyMemory.HEAP.room(body.length, takes, 2);
  }

  /** Returns the schema of a request's body, or null when none is asked for. */
  static @Nullable AskedSchema of(Endpoint endpoint, byte[] body) {
    // A schema has no such texts.
    try (JsonParser parser = LongTexts.leftOut(RequestJson.MAPPER.getFactory(), body);
        BodyMemory.Room _ = room(body)) {
      JsonNode request = RequestJson.MAPPER.readTree(parser);
      JsonNode schema =
          switch (endpoint) {
            case CHAT -> request.at("/response_format/json_schema/schema");
            case RESPONSES -> request.at("/text/format/schema");
            case MESSAGES -> request.at("/output_config/format/schema");
            case GENERATE -> generate(request.path("generationConfig"));
            default -> RequestJson.MAPPER.missingNode();
          };
      return schema.isObject() ? new AskedSchema(schema) : null;
    } catch (IOException e) {
      // Not JSON: it was a form.
      return null;
    }
  }

  private static JsonNode generate(JsonNode config) {
    return config.has("responseJsonSchema")
        ? config.path("responseJsonSchema")
        : config.path("responseSchema");
  }

  /** Returns whether a text is JSON that fits. */
  boolean fits(String text) {
    try {
      return fits(root, RequestJson.MAPPER.readTree(text), 0);
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  private boolean fits(JsonNode schema, JsonNode value, int depth) {
    if (!schema.isObject() || depth > DEEPEST) {
      return !schema.isBoolean() || schema.booleanValue();
    }
    String reference = schema.path("$ref").asText();
    // One to an anchor or to elsewhere is not judged.
    boolean pointer = reference.equals("#") || reference.startsWith("#/");
    if (pointer && !fits(root.at(reference.substring(1)), value, depth + 1)) {
      return false;
    }
    if (value.isNull() && schema.path("nullable").asBoolean()) {
      return true;
    }
    return isOfType(schema.path("type"), value)
        && isChoice(schema, value)
        && isWithin(schema, value)
        && alternatives(schema, value, depth)
        && properties(schema, value, depth)
        && items(schema, value, depth);
  }

  private static boolean isOfType(JsonNode type, JsonNode value) {
    if (type.isArray()) {
      return stream(type).anyMatch(one -> isOfType(one, value));
    }
    return switch (type.asText().toLowerCase(Locale.ROOT)) {
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "string" -> value.isTextual();
      case "boolean" -> value.isBoolean();
      case "null" -> value.isNull();
      case "number" -> value.isNumber();
      case "integer" -> value.isNumber() && value.doubleValue() == Math.rint(value.doubleValue());
      default -> true;
    };
  }

  private static boolean isChoice(JsonNode schema, JsonNode value) {
    JsonNode choices = schema.path("enum");
    return (!schema.has("const") || schema.path("const").equals(value))
        && (!choices.isArray() || stream(choices).anyMatch(value::equals));
  }

  private static boolean isWithin(JsonNode schema, JsonNode value) {
    if (value.isNumber()) {
      double number = value.doubleValue();
      return number >= schema.path("minimum").asDouble(number)
          && number <= schema.path("maximum").asDouble(number);
    }
    if (!value.isTextual() && !value.isContainerNode()) {
      return true;
    }
    String of = value.isTextual() ? "Length" : value.isArray() ? "Items" : "Properties";
    int size = value.isTextual() ? value.textValue().length() : value.size();
    return size >= schema.path("min" + of).asInt(size)
        && size <= schema.path("max" + of).asInt(size);
  }

  private boolean alternatives(JsonNode schema, JsonNode value, int depth) {
    for (String any : new String[] {"anyOf", "oneOf"}) {
      JsonNode list = schema.path(any);
      if (list.isArray() && stream(list).noneMatch(one -> fits(one, value, depth + 1))) {
        return false;
      }
    }
    return stream(schema.path("allOf")).allMatch(one -> fits(one, value, depth + 1));
  }

  private boolean properties(JsonNode schema, JsonNode value, int depth) {
    if (!value.isObject()) {
      return true;
    }
    JsonNode known = schema.path("properties");
    JsonNode others = schema.path("additionalProperties");
    for (Map.Entry<String, JsonNode> property : value.properties()) {
      JsonNode of = known.has(property.getKey()) ? known.path(property.getKey()) : others;
      if (!fits(of, property.getValue(), depth + 1)) {
        return false;
      }
    }
    return stream(schema.path("required")).allMatch(name -> value.has(name.asText()));
  }

  private boolean items(JsonNode schema, JsonNode value, int depth) {
    return !value.isArray()
        || stream(value).allMatch(one -> fits(schema.path("items"), one, depth + 1));
  }

  private static Stream<JsonNode> stream(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false);
  }
}
