package io.penstock.server.config.schema;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The dimensions by which counters are told apart. */
public final class Subjects {
  private static final Set<String> NAMES =
      Set.of("team", "app", "user", "end_user", "key", "model", "provider", "session");

  private Subjects() {}

  /** Names the unknown and repeated dimensions of a {@code per}. */
  static void check(Object per, Rule.Faults faults) {
    List<?> names = (List<?>) per;
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i).toString();
      boolean metadata = name.startsWith("metadata.") && name.length() > "metadata.".length();
      if (!metadata && !NAMES.contains(name)) {
        faults.add(i, name, String.join(", ", new TreeSet<>(NAMES)) + " or metadata.NAME");
      } else if (!seen.add(name)) {
        faults.add(i, name, "each dimension once");
      }
    }
  }

  /** Returns whether counters told apart so are known only once a target is chosen. */
  public static boolean dependOnTarget(List<String> per) {
    return per.contains("model") || per.contains("provider");
  }
}
