package io.penstock.server.config;

import io.penstock.server.config.Node.Mapping;
import io.penstock.server.config.Node.Sequence;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of a configuration, includes merged in: what exists by name, and where it stands.
 * Implements the report by finding places.
 */
record Tree(Mapping root, Problems problems) implements Report {

  /** Returns the names under a top-level key, sound or not. */
  Set<String> names(String section) {
    Node.Entry entry = root.entries().get(section);
    return entry != null && entry.value() instanceof Mapping mapping
        ? mapping.entries().keySet()
        : Set.of();
  }

  /** Returns the node that the keys lead to, or the last one on the way. */
  Node find(Object... path) {
    Node node = root;
    for (Object segment : path) {
      Node next = child(node, segment);
      if (next == null) {
        return node;
      }
      node = next;
    }
    return node;
  }

  private static @Nullable Node child(Node node, Object segment) {
    if (node instanceof Mapping mapping) {
      Node.Entry entry = mapping.entries().get(segment.toString());
      return entry == null ? null : entry.value();
    }
    if (node instanceof Sequence sequence
        && segment instanceof Integer index
        && index < sequence.items().size()) {
      return sequence.items().get(index);
    }
    // A shorthand: the single value is what the rest of the path means.
    return node;
  }

  @Override
  public void problem(String value, String expected, Object... path) {
    problems.error(find(path).mark(), Where.of(path), value, expected);
  }

  /** Adds a problem with the name that was probably meant. */
  void unknown(String value, String expected, Set<String> names, Object... path) {
    problems.error(
        find(path).mark(), Where.of(path), value, expected, Suggest.nearest(value, names));
  }

  @Override
  public void warning(String value, String expected, Object... path) {
    problems.warning(find(path).mark(), Where.of(path), value, expected);
  }
}
