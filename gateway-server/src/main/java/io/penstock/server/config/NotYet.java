package io.penstock.server.config;

import io.penstock.server.config.Node.Mapping;
import io.penstock.server.config.Node.Scalar;
import io.penstock.server.config.Node.Sequence;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Refuses by name what this version does not serve: never accepted and ignored. An entry that says
 * nothing ({@code {}}, {@code []}, {@code ""}) is let through. A path refuses all its values, with
 * {@code =value} that value.
 */
final class NotYet {
  private static final String EXPECTED = "not yet: this version does not serve it; leave it out";

  private final Set<String> paths;
  private final Problems problems;

  NotYet(Set<String> paths, Problems problems) {
    this.paths = paths;
    this.problems = problems;
  }

  void refuse(Mapping root) {
    Level top = new Level();
    for (String path : paths) {
      int equals = path.indexOf('=');
      int end = equals < 0 ? path.length() : equals;
      Level level = top;
      for (String name : path.substring(0, end).split("\\.")) {
        level = level.names.computeIfAbsent(name, key -> new Level());
      }
      if (equals < 0) {
        level.always = true;
      } else {
        level.values.add(path.substring(equals + 1));
      }
    }
    walk(root, top, Where.ROOT);
  }

  private void walk(Node node, Level level, Where where) {
    if (level.always && !node.isEmpty()) {
      problems.error(node.mark(), where, node.kind(), EXPECTED);
      return;
    }
    switch (node) {
      case Scalar scalar -> {
        if (level.values.contains(scalar.text())) {
          problems.error(node.mark(), where, scalar.text(), EXPECTED);
        }
      }
      case Sequence sequence -> {
        for (int i = 0; i < sequence.items().size(); i++) {
          walk(sequence.items().get(i), level, where.item(i));
        }
      }
      case Mapping mapping ->
          mapping.entries().forEach((name, entry) -> enter(name, entry, level, where));
    }
  }

  private void enter(String name, Node.Entry entry, Level level, Where where) {
    for (String match : new String[] {name, "*"}) {
      Level next = level.names.get(match);
      if (next != null) {
        walk(entry.value(), next, where.key(name));
        return;
      }
    }
  }

  /** The paths below one name. */
  private static final class Level {
    private final Map<String, Level> names = new HashMap<>();
    private final Set<String> values = new HashSet<>();
    private boolean always;
  }
}
