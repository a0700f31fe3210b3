package io.penstock.core.identity;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Names and globs such as {@code gpt-*}, prepared for the request path: a name costs one look-up
 * and one comparison per glob, no allocation. {@code *} stands for any characters, also none and
 * slashes. Immutable.
 */
public final class NameSet {
  /** Contains no name. */
  public static final NameSet NONE = new NameSet(List.of(), Set.of(), List.of(), false);

  private final List<String> names;
  private final Set<String> exact;
  private final List<String[]> globs;
  private final boolean all;

  private NameSet(List<String> names, Set<String> exact, List<String[]> globs, boolean all) {
    this.names = names;
    this.exact = exact;
    this.globs = globs;
    this.all = all;
  }

  /** Prepares the names. */
  public static NameSet of(Collection<String> names) {
    Set<String> exact = new HashSet<>();
    List<String[]> globs = new ArrayList<>();
    for (String name : names) {
      if (name.indexOf('*') < 0) {
        exact.add(name);
      } else {
        globs.add(name.split("\\*", -1));
      }
    }
    return new NameSet(
        List.copyOf(names), Set.copyOf(exact), List.copyOf(globs), names.contains("*"));
  }

  /** Returns the names and globs as they were given. */
  public List<String> names() {
    return names;
  }

  /** Returns whether the name is one of these or matches a glob. */
  public boolean contains(String name) {
    if (all || exact.contains(name)) {
      return true;
    }
    for (int i = 0; i < globs.size(); i++) {
      if (matches(globs.get(i), name)) {
        return true;
      }
    }
    return false;
  }

  /** Finds the parts between the stars one after the other; linear but for repeated parts. */
  private static boolean matches(String[] parts, String name) {
    String first = parts[0];
    String last = parts[parts.length - 1];
    int end = name.length() - last.length();
    if (end < first.length() || !name.startsWith(first) || !name.endsWith(last)) {
      return false;
    }
    int at = first.length();
    for (int i = 1; i < parts.length - 1; i++) {
      int found = name.indexOf(parts[i], at);
      if (found < 0 || found + parts[i].length() > end) {
        return false;
      }
      at = found + parts[i].length();
    }
    return true;
  }
}
