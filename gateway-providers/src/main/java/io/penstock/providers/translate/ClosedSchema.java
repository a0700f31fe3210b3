package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A schema of answers as Claude takes it: every object takes no property beyond those it names, and
 * nothing is bounded. What asks for more is refused, or left out where the route says so.
 */
final class ClosedSchema {
  private static final Set<String> BOUNDS =
      Set.of(
          "minimum",
          "maximum",
          "exclusiveMinimum",
          "exclusiveMaximum",
          "multipleOf",
          "minLength",
          "maxLength",
          "maxItems");

  private static final String FURTHER = "additionalProperties";

  private final Fit fit;

  private ClosedSchema(Fit fit) {
    this.fit = fit;
  }

  /**
   * Returns the schema closed; the client's own stays as it is.
   *
   * @param path where it stands in the client's request
   * @throws io.penstock.core.GatewayException 400 that names the keyword
   */
  static JsonNode of(JsonNode schema, String path, Fit fit) {
    return new ClosedSchema(fit).schema(schema, path);
  }

  private JsonNode schema(JsonNode schema, String path) {
    if (schema instanceof ArrayNode list) {
      ArrayNode closed = Trees.array();
      for (int i = 0; i < list.size(); i++) {
        closed.add(schema(list.get(i), path + "." + i));
      }
      return closed;
    }
    if (!(schema instanceof ObjectNode object)) {
      return schema;
    }
    ObjectNode closed = Trees.object();
    boolean impossible = objects(object) > 1;
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      String at = path + "." + field.getKey();
      if (impossible && field.getKey().equals("allOf")) {
        fit.unsupported(at, "no answer is of several closed objects at once; name all in one");
      } else {
        keyword(closed, field.getKey(), field.getValue(), at);
      }
    }
    if (isOfObjects(object)) {
      if (!object.has("properties") && !object.has(FURTHER)) {
        fit.unsupported(path, "its objects take no properties that they do not name");
      }
      closed.put(FURTHER, false);
    }
    return closed;
  }

  private void keyword(ObjectNode closed, String name, JsonNode value, String path) {
    switch (name) {
      case "properties", "$defs", "definitions" -> {
        ObjectNode named = closed.putObject(name);
        for (Map.Entry<String, JsonNode> field : value.properties()) {
          named.set(field.getKey(), schema(field.getValue(), path + "." + field.getKey()));
        }
      }
      case "items", "prefixItems", "anyOf", "allOf", "oneOf" ->
          closed.set(name, schema(value, path));
      case FURTHER -> {
        if (value.isBoolean() && !value.booleanValue()) {
          closed.set(name, value);
        } else {
          fit.unsupported(path, "its objects take no properties that they do not name");
        }
      }
      default -> {
        if (BOUNDS.contains(name) || (name.equals("minItems") && value.asLong() > 1)) {
          fit.unsupported(path, "its answers cannot be bound by that; say it in the description");
        } else {
          closed.set(name, value);
        }
      }
    }
  }

  /** Returns how many objects an answer must be at once that were closed each by itself. */
  private static int objects(ObjectNode schema) {
    int count = isOfObjects(schema) ? 1 : 0;
    for (JsonNode branch : schema.path("allOf")) {
      count += branch instanceof ObjectNode one && mayBeObject(one) ? 1 : 0;
    }
    return count;
  }

  private static boolean mayBeObject(ObjectNode branch) {
    if (isOfObjects(branch) || branch.has("$ref")) {
      return true;
    }
    for (String list : List.of("allOf", "anyOf", "oneOf")) {
      for (JsonNode one : branch.path(list)) {
        if (one instanceof ObjectNode object && mayBeObject(object)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isOfObjects(ObjectNode schema) {
    JsonNode type = schema.path("type");
    if (type.isArray()) {
      for (JsonNode one : type) {
        if (one.asText().equals("object")) {
          return true;
        }
      }
      return false;
    }
    return type.isMissingNode()
        ? schema.path("properties").isObject()
        : type.asText().equals("object");
  }
}
