package io.penstock.server.config.load;

import io.penstock.server.config.load.Node.Mapping;
import io.penstock.server.config.load.Node.Scalar;
import io.penstock.server.config.load.Node.Sequence;
import io.penstock.server.config.schema.RecordShape;
import io.penstock.server.config.schema.Shape;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What stands for keys that are left out; read once, from the text of {@code Default}. Pure. */
final class Defaults {
  private static final Map<Method, Optional<Object>> KNOWN = new ConcurrentHashMap<>();

  private Defaults() {}

  /** Returns what a key is when it is left out: null when nothing stands for it. */
  static @Nullable Object of(RecordShape.Key key) {
    Optional<Object> known = KNOWN.get(key.accessor());
    if (known == null) {
      // Not computeIfAbsent: the default of a record asks for those of its keys.
      known = Optional.ofNullable(make(key));
      KNOWN.put(key.accessor(), known);
    }
    return known.orElse(null);
  }

  private static @Nullable Object make(RecordShape.Key key) {
    if (key.nullable() || key.required()) {
      return null;
    }
    Problems problems = new Problems();
    Binder binder = new Binder(new Texts(Map.of()), problems);
    Node.Mark mark = new Node.Mark("default", 0, 0);
    boolean list = key.shape() instanceof Shape.Many;
    String text = key.fallback();
    Node node;
    if (text == null) {
      node = list ? new Sequence(mark, List.of()) : Mapping.empty(mark);
    } else {
      node = list ? new YamlReader("default", problems).read(text) : new Scalar(mark, text, false);
    }
    if (node == null) {
      throw new IllegalStateException(problems.errors().toString());
    }
    Object value = binder.value(key.shape(), node, Where.ROOT.key(key.name()), key.setting());
    if (problems.hasErrors()) {
      throw new IllegalStateException(problems.errors().toString());
    }
    return value;
  }
}
