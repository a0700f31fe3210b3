package io.penstock.server.config.load;

import io.penstock.core.Suggest;
import io.penstock.server.config.load.Node.Mapping;
import io.penstock.server.config.load.Node.Sequence;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of a configuration, includes merged in: what exists by name, and where it stands.
 * Implements the report by finding places.
 *
 * @param sound the places that were read, for lists in which some could not be
 */
record Tree(Mapping root, IdentityHashMap<Node, List<Integer>> sound, Problems problems)
    implements Report {

  /** Returns the names under a top-level key, sound or not. */
  Set<String> names(String section) {
    Node.Entry entry = root.entries().get(section);
    return entry != null && entry.value() instanceof Mapping mapping
        ? mapping.entries().keySet()
        : Set.of();
  }

  /** Returns the texts that the entries of a list have under a key, sound or not. */
  Set<String> listed(String section, String key) {
    Set<String> texts = new HashSet<>();
    Node.Entry list = root.entries().get(section);
    if (list != null && list.value() instanceof Sequence sequence) {
      for (Node item : sequence.items()) {
        if (child(item, key) instanceof Node.Scalar name) {
          texts.add(name.text());
        }
      }
    }
    return texts;
  }

  /** Returns whether nothing stands under a top-level key, sound or not. */
  boolean isEmpty(String section) {
    Node.Entry entry = root.entries().get(section);
    return entry == null || entry.value().isEmpty();
  }

  /** Returns where the keys lead to, or the last place on the way. */
  private Place find(Object... path) {
    Node node = root;
    Where where = Where.ROOT;
    boolean there = true;
    for (Object segment : path) {
      Object place =
          node instanceof Sequence list && segment instanceof Integer index
              ? index(list, index)
              : segment;
      where = place instanceof Integer index ? where.item(index) : where.key(place.toString());
      Node next = there ? child(node, place) : null;
      there = next != null;
      node = next == null ? node : next;
    }
    return new Place(node.mark(), where, there ? node : null);
  }

  /** Returns what the keys lead to, or null when it was left out. */
  @Nullable Node at(Object... path) {
    return find(path).node();
  }

  /** Entries that could not be read are missing in the records, so their indices differ. */
  private int index(Sequence list, int index) {
    List<Integer> kept = sound.get(list);
    return kept == null ? index : kept.get(index);
  }

  private record Place(Node.Mark mark, Where where, @Nullable Node node) {}

  private static @Nullable Node child(Node node, Object segment) {
    if (node instanceof Mapping mapping) {
      Node.Entry entry = mapping.entries().get(segment.toString());
      // One that stands without the brackets of its list.
      boolean only = entry == null && segment.equals(0);
      return only ? node : entry == null ? null : entry.value();
    }
    if (node instanceof Sequence sequence
        && segment instanceof Integer index
        && index < sequence.items().size()) {
      return sequence.items().get(index);
    }
    // A shorthand: the single value is what the rest of the path means.
    return node;
  }

  /**
   * Refuses what two entries of a list have in common under a key, also entries that could not be
   * read.
   *
   * @return the texts that were refused
   */
  Set<String> once(String section, String key) {
    Map<String, Integer> first = new HashMap<>();
    Set<String> again = new HashSet<>();
    Node.Entry list = root.entries().get(section);
    List<Node> items =
        list != null && list.value() instanceof Sequence sequence ? sequence.items() : List.of();
    for (int i = 0; i < items.size(); i++) {
      if (child(items.get(i), key) instanceof Node.Scalar name && !name.isEmpty()) {
        Integer other = first.putIfAbsent(name.text(), i);
        if (other != null) {
          again.add(name.text());
          problems.error(
              name.mark(),
              Where.of(section, i, key),
              name.text(),
              "each " + key + " once; the first is " + section + "[" + other + "]");
        }
      }
    }
    return again;
  }

  @Override
  public void problem(String value, String expected, Object... path) {
    Place place = find(path);
    problems.error(place.mark, place.where, value, expected);
  }

  /** Adds a problem with the name that was probably meant. */
  void unknown(String value, String expected, Set<String> names, Object... path) {
    Place place = find(path);
    problems.error(place.mark, place.where, value, expected, Suggest.nearest(value, names));
  }

  /** Adds a problem with a text, and the name that was probably meant. */
  void unknown(Use use, String expected, Set<String> names) {
    String near = Suggest.nearest(use.text(), names);
    problems.error(use.mark(), use.where(), use.text(), expected, near);
  }

  /** Adds a warning about a text. */
  void warning(Use use, String expected) {
    problems.warning(use.mark(), use.where(), use.text(), expected);
  }

  @Override
  public void warning(String value, String expected, Object... path) {
    Place place = find(path);
    problems.warning(place.mark, place.where, value, expected);
  }
}
