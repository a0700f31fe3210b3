package io.penstock.server.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.server.config.schema.RecordShape;
import io.penstock.server.config.schema.Shape;
import io.penstock.server.config.schema.ValueType;
import java.util.List;

/** The JSON Schema (2020-12) of the configuration, for editors; made of the records. */
public final class ConfigSchema {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private ConfigSchema() {}

  /** Makes the schema. */
  public static JsonNode make() {
    ObjectNode schema = JSON.objectNode();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("title", "Penstock configuration");
    schema.setAll(record(RecordShape.of(Config.class)));
    return schema;
  }

  private static ObjectNode record(RecordShape shape) {
    ObjectNode object = JSON.objectNode();
    object.put("type", "object");
    object.put("additionalProperties", false);
    ObjectNode properties = object.putObject("properties");
    ArrayNode required = JSON.arrayNode();
    for (RecordShape.Key key : shape.keys().values()) {
      ObjectNode property = orNothing(of(key.shape()), key);
      property.put("description", key.setting().value());
      if (key.fallback() != null) {
        property.put("default", key.fallback());
      }
      properties.set(key.name(), property);
      if (key.required()) {
        required.add(key.name());
      }
    }
    if (!required.isEmpty()) {
      object.set("required", required);
    }
    return shape.shorthand() == null ? object : either(object, of(shape.shorthand().shape()));
  }

  private static ObjectNode of(Shape shape) {
    return switch (shape) {
      case Shape.Value value -> single(value.parser());
      case Shape.Anything anything -> JSON.objectNode();
      case Shape.Fields fields -> record(fields.shape());
      case Shape.Many many -> {
        ObjectNode array = JSON.objectNode();
        array.put("type", "array");
        array.set("items", of(many.item()));
        yield many.oneOrMany() ? either(array, of(many.item())) : array;
      }
      case Shape.Named named -> {
        ObjectNode object = JSON.objectNode();
        object.put("type", "object");
        object.set("additionalProperties", of(named.value()));
        yield object;
      }
    };
  }

  /** Any scalar may be a variable, so numbers and words may be texts too. */
  private static ObjectNode single(ValueType type) {
    ObjectNode node = JSON.objectNode();
    if (!type.pattern().isEmpty()) {
      // A number alone has no unit.
      return node.put("type", "string")
          .put("pattern", "^(" + type.pattern() + ")$|\\$\\{")
          .put("$comment", type.expected());
    }
    if (type.words().isEmpty()) {
      ArrayNode types = node.putArray("type").add("string");
      if (!type.jsonType().equals("string")) {
        types.add(type.jsonType());
      } else {
        types.add("number").add("boolean");
      }
      node.put("$comment", type.expected());
      return node;
    }
    ArrayNode choices = node.putArray("anyOf");
    ArrayNode words = choices.addObject().putArray("enum");
    type.words().forEach(words::add);
    if (type.jsonType().equals("boolean")) {
      choices.addObject().put("type", "boolean");
    }
    choices.addObject().put("type", "string").put("pattern", "\\$\\{.*\\}");
    return node;
  }

  private static ObjectNode orNothing(ObjectNode node, RecordShape.Key key) {
    return key.required() ? node : either(node, JSON.objectNode().put("type", "null"));
  }

  private static ObjectNode either(ObjectNode one, ObjectNode other) {
    ObjectNode node = JSON.objectNode();
    node.putArray("anyOf").addAll(List.of(one, other));
    return node;
  }
}
