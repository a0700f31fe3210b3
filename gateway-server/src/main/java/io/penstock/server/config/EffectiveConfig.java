package io.penstock.server.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.server.config.schema.RecordShape;
import io.penstock.server.config.schema.ValueType;
import io.penstock.server.config.value.HedgeDelay;
import io.penstock.server.config.value.Json;
import io.penstock.server.config.value.Limit;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.Values;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A configuration as JSON, defaults filled in, by the names of the file; secrets are stars. */
public final class EffectiveConfig {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private EffectiveConfig() {}

  /** Renders it. */
  public static JsonNode render(Config config) {
    return json(config);
  }

  private static JsonNode json(@Nullable Object value) {
    return switch (value) {
      case null -> JSON.nullNode();
      case Enum<?> word -> JSON.textNode(Values.word(word));
      case URI uri -> JSON.textNode(withoutQuery(uri.toString()));
      case Duration duration -> JSON.textNode(Values.format(duration));
      case Boolean bool -> JSON.booleanNode(bool);
      case Integer number -> JSON.numberNode(number);
      case Long number -> JSON.numberNode(number);
      case Double number -> JSON.numberNode(number);
      case List<?> list -> {
        ArrayNode array = JSON.arrayNode();
        list.forEach(item -> array.add(json(item)));
        yield array;
      }
      case Map<?, ?> map -> {
        ObjectNode object = JSON.objectNode();
        map.forEach((name, item) -> object.set(name.toString(), json(item)));
        yield object;
      }
      case Record section when ValueType.of(section.getClass()) == null && !isValue(section) ->
          fields(section);
      default -> JSON.textNode(value.toString());
    };
  }

  /** Some put the key of a service there. */
  private static String withoutQuery(String address) {
    int query = address.indexOf('?');
    return query < 0 ? address : address.substring(0, query + 1) + Secret.MASK;
  }

  /** The kinds of a sealed value are written as the value. */
  static boolean isValue(Record section) {
    return section instanceof Limit || section instanceof HedgeDelay || section instanceof Json;
  }

  private static ObjectNode fields(Record section) {
    ObjectNode object = JSON.objectNode();
    for (RecordShape.Key key : RecordShape.of(section.getClass()).keys().values()) {
      Object value = RecordShape.read(key, section);
      if (value != null) {
        object.set(key.name(), json(value));
      }
    }
    return object;
  }
}
