package io.penstock.server.config.schema;

import io.penstock.server.config.value.Json;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;

/** What a key holds: the records' components as the loader, renderer and JSON Schema see them. */
public sealed interface Shape {
  /** One text. */
  record Value(Class<?> type, ValueType parser) implements Shape {}

  /** Any JSON. */
  record Anything() implements Shape {}

  /** Keys of a record. */
  record Fields(RecordShape shape) implements Shape {}

  /** A list; {@code oneOrMany}: one element may stand without brackets. */
  record Many(Shape item, boolean oneOrMany) implements Shape {}

  /** Free names. */
  record Named(Shape value) implements Shape {}

  /** Returns the shape of a component's type. */
  static Shape of(Type type, boolean oneOrMany) {
    if (type instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      if (generic.getRawType() == List.class) {
        return new Many(of(arguments[0], false), oneOrMany);
      }
      if (generic.getRawType() == Map.class) {
        return new Named(of(arguments[1], false));
      }
    }
    Class<?> raw = (Class<?>) type;
    if (raw == Json.class) {
      return new Anything();
    }
    ValueType value = ValueType.of(raw);
    if (value != null) {
      return new Value(raw, value);
    }
    if (!raw.isRecord()) {
      throw new IllegalStateException("no way to read a " + type);
    }
    return new Fields(RecordShape.of(raw));
  }
}
