package io.penstock.server.config.load;

import io.penstock.core.Suggest;
import io.penstock.server.config.load.Node.Mapping;
import io.penstock.server.config.load.Node.Scalar;
import io.penstock.server.config.load.Node.Sequence;
import io.penstock.server.config.schema.Meaning;
import io.penstock.server.config.schema.RecordShape;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.schema.Shape;
import io.penstock.server.config.value.InvalidValue;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Fills records from nodes and goes on after every problem: what is wrong is left out, so that all
 * the rest is looked at too. Confined to one load.
 */
final class Binder {
  private final Problems problems;
  private final Scalars scalars;
  private final IdentityHashMap<Node, List<Integer>> sound = new IdentityHashMap<>();
  private final List<Use> uses = new ArrayList<>();

  Binder(Texts texts, Problems problems) {
    this.problems = problems;
    this.scalars = new Scalars(texts, problems);
  }

  /** Returns which entries were read, by list, for lists in which some could not be. */
  IdentityHashMap<Node, List<Integer>> sound() {
    return sound;
  }

  /** Returns the texts that mean something, also those in entries that could not be read. */
  List<Use> uses() {
    return uses;
  }

  /** Returns the record, or null when it cannot be made. */
  <T extends Record> @Nullable T bind(Class<T> type, Node node) {
    Object record = record(RecordShape.of(type), node, Where.ROOT);
    return record == Invalid.VALUE ? null : type.cast(record);
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
      return scalars.wrong(node, where, "a mapping of " + String.join(", ", shape.keys().keySet()));
    }
    refuseUnknown(shape, mapping, where);
    boolean whole = true;
    boolean possible = true;
    @Nullable Object[] values = new @Nullable Object[shape.keys().size()];
    int i = 0;
    for (RecordShape.Key key : shape.keys().values()) {
      Node.Entry entry = mapping.entries().get(key.name());
      boolean shorthand = !(node instanceof Mapping) && isShorthand(shape, key);
      Where place = shorthand ? where.shorthand(key.name()) : where.key(key.name());
      Object value = entry == null ? null : component(key, entry.value(), place);
      if (value == Invalid.VALUE) {
        whole = false;
        value = null;
      } else if (value == null && entry == null && key.required()) {
        missing(key, mapping, place);
        whole = false;
      }
      values[i] = value == null ? Defaults.of(key) : value;
      possible &= values[i] != null || key.nullable();
      i++;
    }
    return possible ? create(shape, values, mapping, where, whole) : Invalid.VALUE;
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
      return Invalid.VALUE;
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
                where.key(Shown.key(name, entry.value(), near != null)),
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
    boolean nothing = node instanceof Scalar scalar && (scalar.isNull() || scalars.isBlank(scalar));
    if (nothing && (key.nullable() || isList(key)) && !mayBeMissing(key, node)) {
      return null;
    }
    if (node instanceof Scalar scalar && scalar.isNull()) {
      if (key.required()) {
        return scalars.wrong(node, where, expected(key.shape()));
      }
      return null;
    }
    Object value = value(key.shape(), node, where, key.setting());
    if (key.required() && value instanceof String text && text.isBlank()) {
      problems.error(node.mark(), where, "nothing", "a text that is not empty");
      return Invalid.VALUE;
    }
    if (value != Invalid.VALUE) {
      key.setting().rule().check(value, new Told(this, node, where, null));
    }
    return value;
  }

  /**
   * Takes what a rule finds.
   *
   * @param kept which elements of the list the rule sees; null for all
   */
  private record Told(Binder by, Node node, Where where, @Nullable List<Integer> kept)
      implements Rule.Faults {
    @Override
    public void add(Object segment, String value, String expected) {
      Object at = segment instanceof Integer index ? (Object) place(index) : segment;
      by.fault(node, where, at, value, expected);
    }

    @Override
    public int place(int index) {
      return kept == null ? index : kept.get(index);
    }
  }

  private void fault(Node node, Where where, Object at, String is, String expected) {
    if (at.equals("") && !(node instanceof Mapping)) {
      problems.error(node.mark(), where, is, expected);
    } else if (at instanceof Integer index) {
      boolean list = node instanceof Sequence;
      Node item = node instanceof Sequence sequence ? sequence.items().get(index) : node;
      problems.error(item.mark(), list ? where.item(index) : where.onlyItem(), is, expected);
    } else {
      Node.Entry entry = node instanceof Mapping map ? map.entries().get(at.toString()) : null;
      Node.Mark mark = entry == null ? node.mark() : entry.value().mark();
      problems.error(mark, where.key(at.toString()), is, expected);
    }
  }

  /** Whether it is the one element of a list, a variable or a file that has no value here. */
  private static boolean mayBeMissing(RecordShape.Key key, Node node) {
    return key.shape() instanceof Shape.Many many
        && many.item() instanceof Shape.Fields item
        && item.shape().shorthand() != null
        && item.shape().shorthand().setting().mayBeMissing()
        && !node.isEmpty();
  }

  private static boolean isList(RecordShape.Key key) {
    return key.shape() instanceof Shape.Many;
  }

  /** Reads a value; {@link Invalid} when it was reported. */
  Object value(Shape shape, Node node, Where where, Setting setting) {
    return switch (shape) {
      case Shape.Value value -> single(value, node, where, setting);
      case Shape.Anything anything -> scalars.json(node, where);
      case Shape.Fields record -> record(record.shape(), node, where);
      case Shape.Many many -> list(many, node, where, setting);
      case Shape.Named named -> map(named, node, where, setting);
    };
  }

  private Object single(Shape.Value shape, Node node, Where where, Setting setting) {
    Object value = scalars.single(shape, node, where, setting);
    boolean means = setting.meaning() != Meaning.TEXT;
    if (means && value instanceof String text && !text.isBlank()) {
      uses.add(new Use(setting.meaning(), text, node.mark(), where));
    }
    return value;
  }

  private Object list(Shape.Many shape, Node node, Where where, Setting setting) {
    List<Object> values = new ArrayList<>();
    if (node instanceof Sequence sequence) {
      List<Integer> kept = new ArrayList<>();
      for (int i = 0; i < sequence.items().size(); i++) {
        Object value = value(shape.item(), sequence.items().get(i), where.item(i), setting);
        if (value != Invalid.VALUE) {
          values.add(value);
          kept.add(i);
        }
      }
      boolean whole = kept.size() == sequence.items().size();
      if (!whole) {
        sound.put(sequence, kept);
        if (!(shape.item() instanceof Shape.Fields)) {
          // Nobody sees this list, so that what else is wrong with it is told here.
          setting.rule().check(values, new Told(this, node, where, kept));
        }
      }
      return whole || shape.item() instanceof Shape.Fields ? values : Invalid.VALUE;
    }
    if (!shape.oneOrMany()) {
      return scalars.wrong(node, where, "a list, each " + expected(shape.item()));
    }
    Object value = value(shape.item(), node, where.onlyItem(), setting);
    if (value == Invalid.VALUE) {
      return Invalid.VALUE;
    }
    values.add(value);
    return values;
  }

  private Object map(Shape.Named shape, Node node, Where where, Setting setting) {
    if (!(node instanceof Mapping mapping)) {
      return scalars.wrong(node, where, "a mapping of names");
    }
    Map<String, Object> values = new LinkedHashMap<>();
    mapping
        .entries()
        .forEach((name, entry) -> {
          Object value = value(shape.value(), entry.value(), where.key(name), setting);
          if (value != Invalid.VALUE) {
            values.put(name, value);
          }
        });
    return values;
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

  private static boolean isShorthand(RecordShape shape, RecordShape.Key key) {
    return shape.shorthand() != null && shape.shorthand().name().equals(key.name());
  }
}
