package io.penstock.server.config;

import io.penstock.server.config.Node.Mapping;
import io.penstock.server.config.Node.Scalar;
import io.penstock.server.config.Node.Sequence;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Fills records from nodes and goes on after every problem: what is wrong is left out, so that all
 * the rest is looked at too. Confined to one load.
 */
final class Binder {
  /** Stands for a value that has been reported. */
  private static final Object INVALID = new Invalid();

  private static final Map<Method, Optional<Object>> DEFAULTS = new ConcurrentHashMap<>();

  private final Texts texts;
  private final Problems problems;
  private final FileValues files;
  private final IdentityHashMap<Node, List<Integer>> sound = new IdentityHashMap<>();

  Binder(Texts texts, Problems problems) {
    this.texts = texts;
    this.problems = problems;
    this.files = new FileValues(texts);
  }

  /** Returns which entries were read, by list, for lists in which some could not be. */
  IdentityHashMap<Node, List<Integer>> sound() {
    return sound;
  }

  /** Returns the record, or null when it cannot be made. */
  <T extends Record> @Nullable T bind(Class<T> type, Node node) {
    Object record = record(RecordShape.of(type), node, Where.ROOT);
    return isInvalid(record) ? null : type.cast(record);
  }

  private Object record(RecordShape shape, Node node, Where where) {
    Mapping mapping;
    if (node instanceof Mapping given) {
      mapping = given;
    } else if (node instanceof Scalar scalar && scalar.isNull()) {
      mapping = Mapping.empty(node.mark());
    } else if (shape.shorthand() != null) {
      mapping = Mapping.empty(node.mark());
      mapping.entries().put(shape.shorthand().name(), new Node.Entry(node.mark(), node));
    } else {
      return wrong(node, where, "a mapping of " + String.join(", ", shape.keys().keySet()));
    }
    refuseUnknown(shape, mapping, where);
    boolean whole = true;
    boolean possible = true;
    @Nullable Object[] values = new @Nullable Object[shape.keys().size()];
    int i = 0;
    for (RecordShape.Key key : shape.keys().values()) {
      Node.Entry entry = mapping.entries().get(key.name());
      boolean shorthand = !(node instanceof Mapping) && isShorthand(shape, key);
      Where place = shorthand ? where : where.key(key.name());
      Object value = entry == null ? null : component(key, entry.value(), place);
      if (isInvalid(value)) {
        whole = false;
        value = null;
      } else if (value == null && entry == null && key.required()) {
        missing(key, mapping, place);
        whole = false;
      }
      values[i] = value == null ? defaultOf(key) : value;
      possible &= values[i] != null || key.nullable();
      i++;
    }
    return possible ? create(shape, values, mapping, where, whole) : INVALID;
  }

  private Object create(
      RecordShape shape, @Nullable Object[] values, Mapping mapping, Where where, boolean whole) {
    try {
      return shape.create(values);
    } catch (InvalidValue e) {
      if (whole) {
        Node.Entry entry = mapping.entries().get(e.key());
        Node.Mark mark = entry == null ? mapping.mark() : entry.value().mark();
        problems.error(
            mark, e.key().isEmpty() ? where : where.key(e.key()), e.value(), e.expected());
      }
      return INVALID;
    }
  }

  private void refuseUnknown(RecordShape shape, Mapping mapping, Where where) {
    mapping
        .entries()
        .forEach((name, entry) -> {
          if (!shape.keys().containsKey(name)) {
            String near = Suggest.nearest(name, shape.keys().keySet());
            problems.error(
                entry.key(),
                where.key(name),
                "unknown key",
                "one of " + String.join(", ", shape.keys().keySet()),
                near);
          }
        });
  }

  private void missing(RecordShape.Key key, Mapping mapping, Where where) {
    String expected = key.shape() instanceof Shape.Value value ? value.parser().expected() : "";
    problems.error(mapping.mark(), where, "missing", expected);
  }

  /** Returns null when the key is there and says nothing. */
  private @Nullable Object component(RecordShape.Key key, Node node, Where where) {
    boolean nothing = node instanceof Scalar scalar && (scalar.isNull() || isBlank(scalar));
    if (nothing && (key.nullable() || isList(key))) {
      return null;
    }
    if (node instanceof Scalar scalar && scalar.isNull()) {
      if (key.required()) {
        return wrong(node, where, expected(key.shape()));
      }
      return null;
    }
    Object value = value(key.shape(), node, where, key.setting());
    if (key.required() && value instanceof String text && text.isBlank()) {
      return wrong(node, where, "a text that is not empty");
    }
    return value;
  }

  private boolean isBlank(Scalar scalar) {
    try {
      return texts.expand(scalar.text()).isEmpty();
    } catch (Texts.Missing e) {
      return false;
    }
  }

  private static boolean isList(RecordShape.Key key) {
    return key.shape() instanceof Shape.Many;
  }

  private Object value(Shape shape, Node node, Where where, Setting setting) {
    return switch (shape) {
      case Shape.Value value -> single(value, node, where, setting);
      case Shape.Anything anything -> json(node, where);
      case Shape.Fields record -> record(record.shape(), node, where);
      case Shape.Many many -> list(many, node, where, setting);
      case Shape.Named named -> map(named, node, where, setting);
    };
  }

  private Object list(Shape.Many shape, Node node, Where where, Setting setting) {
    List<Object> values = new ArrayList<>();
    if (node instanceof Sequence sequence) {
      List<Integer> kept = new ArrayList<>();
      for (int i = 0; i < sequence.items().size(); i++) {
        Object value = value(shape.item(), sequence.items().get(i), where.item(i), setting);
        if (!isInvalid(value)) {
          values.add(value);
          kept.add(i);
        }
      }
      boolean whole = kept.size() == sequence.items().size();
      if (!whole) {
        sound.put(sequence, kept);
      }
      return whole || shape.item() instanceof Shape.Fields ? values : INVALID;
    }
    if (!shape.oneOrMany()) {
      return wrong(node, where, "a list, each " + expected(shape.item()));
    }
    Object value = value(shape.item(), node, where, setting);
    if (isInvalid(value)) {
      return INVALID;
    }
    values.add(value);
    return values;
  }

  private Object map(Shape.Named shape, Node node, Where where, Setting setting) {
    if (!(node instanceof Mapping mapping)) {
      return wrong(node, where, "a mapping of names");
    }
    Map<String, Object> values = new LinkedHashMap<>();
    mapping
        .entries()
        .forEach((name, entry) -> {
          Object value = value(shape.value(), entry.value(), where.key(name), setting);
          if (!isInvalid(value)) {
            values.put(name, value);
          }
        });
    return values;
  }

  private Object single(Shape.Value shape, Node node, Where where, Setting setting) {
    if (!(node instanceof Scalar scalar) || scalar.isNull()) {
      return wrong(node, where, shape.parser().expected());
    }
    try {
      Object value = files.resolve(shape.parser().parse().apply(text(shape, scalar)), scalar);
      if (setting.positive() && !isPositive(value)) {
        return wrong(node, where, "above 0");
      }
      return value;
    } catch (Texts.Missing e) {
      if (setting.mayBeMissing()) {
        return Secret.NONE;
      }
      problems.error(node.mark(), where, e.value(), e.expected());
      return INVALID;
    } catch (RuntimeException e) {
      List<String> words = shape.parser().words();
      problems.error(
          node.mark(),
          where,
          shown(shape, scalar),
          shape.parser().expected(),
          Suggest.nearest(scalar.text(), words));
      return INVALID;
    }
  }

  private String text(Shape.Value shape, Scalar scalar) throws Texts.Missing {
    String text = texts.expand(scalar.text());
    boolean secret = shape.type() == Secret.class || shape.type() == SecretUrl.class;
    return secret ? texts.secret(text, FileValues.base(scalar)) : text;
  }

  private Object json(Node node, Where where) {
    try {
      return new Json(JsonText.of(node, texts));
    } catch (Texts.Missing e) {
      problems.error(node.mark(), where, e.value(), e.expected());
      return INVALID;
    }
  }

  private Object wrong(Node node, Where where, String expected) {
    String value = node instanceof Scalar scalar && !scalar.isNull() ? scalar.text() : node.kind();
    problems.error(node.mark(), where, value, expected);
    return INVALID;
  }

  /** What a message may show of it: never a hash's or a secret's text. */
  private static String shown(Shape.Value shape, Scalar scalar) {
    return shape.type() == Sha256.class ? Secret.MASK : scalar.text();
  }

  private static String expected(Shape shape) {
    return switch (shape) {
      case Shape.Value value -> value.parser().expected();
      case Shape.Fields record ->
          "a mapping of " + String.join(", ", record.shape().keys().keySet());
      case Shape.Many many -> "a list";
      case Shape.Named named -> "a mapping of names";
      case Shape.Anything anything -> "a value";
    };
  }

  private static boolean isPositive(Object value) {
    return switch (value) {
      case Integer number -> number > 0;
      case Long number -> number > 0;
      case Duration duration -> duration.isPositive();
      case Size size -> size.bytes() > 0;
      case Limit limit -> limit.amount() > 0;
      default -> throw new IllegalStateException("no amount: " + value.getClass());
    };
  }

  /** Returns what a key is when it is left out: null when nothing stands for it. */
  static @Nullable Object defaultOf(RecordShape.Key key) {
    Optional<Object> known = DEFAULTS.get(key.accessor());
    if (known == null) {
      // Not computeIfAbsent: the default of a record asks for those of its keys.
      known = Optional.ofNullable(makeDefault(key));
      DEFAULTS.put(key.accessor(), known);
    }
    return known.orElse(null);
  }

  private static @Nullable Object makeDefault(RecordShape.Key key) {
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

  private static boolean isInvalid(@Nullable Object value) {
    return value instanceof Invalid;
  }

  private static boolean isShorthand(RecordShape shape, RecordShape.Key key) {
    return shape.shorthand() != null && shape.shorthand().name().equals(key.name());
  }

  /** See {@link #INVALID}. */
  private record Invalid() {}
}
