package io.penstock.server.config;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The dimensions by which counters are told apart. */
final class Subjects {
  private static final Set<String> NAMES =
      Set.of("team", "app", "user", "end_user", "key", "model", "provider", "session");

  private Subjects() {}

  /** Refuses an unknown or repeated dimension of a {@code per}. */
  static void check(List<String> per) {
    Set<String> seen = new HashSet<>();
    for (String name : per) {
      boolean metadata = name.startsWith("metadata.") && name.length() > "metadata.".length();
      if (!metadata && !NAMES.contains(name)) {
        throw new InvalidValue(
            "per", name, String.join(", ", new TreeSet<>(NAMES)) + " or metadata.NAME");
      }
      if (!seen.add(name)) {
        throw new InvalidValue("per", name, "each dimension once");
      }
    }
  }

  /** Returns whether counters told apart so are known only once a target is chosen. */
  static boolean dependOnTarget(List<String> per) {
    return per.contains("model") || per.contains("provider");
  }
}
