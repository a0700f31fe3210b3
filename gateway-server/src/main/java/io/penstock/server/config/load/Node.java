package io.penstock.server.config.load;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A piece of YAML with its place. Immutable once read; aliases share nodes. */
sealed interface Node {
  Mark mark();

  /**
   * A place in a file.
   *
   * @param line from 1
   * @param column from 1
   */
  record Mark(String file, int line, int column) {
    @Override
    public String toString() {
      return file + ":" + line;
    }
  }

  /**
   * A text.
   *
   * @param plain whether it stood without quotes, so that it may mean null, a number or a boolean
   */
  record Scalar(Mark mark, String text, boolean plain) implements Node {
    boolean isNull() {
      return plain
          && switch (text) {
            case "", "~", "null", "Null", "NULL" -> true;
            default -> false;
          };
    }
  }

  /** A list. */
  record Sequence(Mark mark, List<Node> items) implements Node {}

  /** A mapping, in the order of the file, without duplicate keys. */
  record Mapping(Mark mark, Map<String, Entry> entries) implements Node {
    static Mapping empty(Mark mark) {
      return new Mapping(mark, new LinkedHashMap<>());
    }
  }

  /** A key's place and its value. */
  record Entry(Mark key, Node value) {}

  /** Returns a word for the kind of node. */
  default String kind() {
    return switch (this) {
      case Scalar scalar -> scalar.isNull() ? "nothing" : "a single value";
      case Sequence sequence -> "a list of " + sequence.items().size();
      case Mapping mapping -> "a mapping of " + mapping.entries().size() + " keys";
    };
  }

  /** Returns whether there is nothing: null, an empty text, list or mapping. */
  default boolean isEmpty() {
    return switch (this) {
      case Scalar scalar -> scalar.isNull() || scalar.text().isEmpty();
      case Sequence sequence -> sequence.items().isEmpty();
      case Mapping mapping -> mapping.entries().isEmpty();
    };
  }
}
