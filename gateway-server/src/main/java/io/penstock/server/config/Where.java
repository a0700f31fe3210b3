package io.penstock.server.config;

import org.jspecify.annotations.Nullable;

/**
 * The keys that lead to a value, as a chain, so that walking ten thousand entries builds no text.
 */
final class Where {
  static final Where ROOT = new Where(null, "", -1);

  private final @Nullable Where parent;
  private final String name;
  private final int index;

  private Where(@Nullable Where parent, String name, int index) {
    this.parent = parent;
    this.name = name;
    this.index = index;
  }

  Where key(String name) {
    return new Where(this, name, -1);
  }

  Where item(int index) {
    return new Where(this, "", index);
  }

  /** Follows names and integers. */
  static Where of(Object... segments) {
    Where where = ROOT;
    for (Object segment : segments) {
      where = segment instanceof Integer index ? where.item(index) : where.key(segment.toString());
    }
    return where;
  }

  @Override
  public String toString() {
    if (parent == null) {
      return "";
    }
    String prefix = parent.toString();
    if (index >= 0) {
      return prefix + "[" + index + "]";
    }
    boolean simple = !name.isEmpty() && name.chars().allMatch(Where::isPlain);
    if (!simple) {
      return prefix + "[\"" + name + "\"]";
    }
    return prefix.isEmpty() ? name : prefix + "." + name;
  }

  private static boolean isPlain(int c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '-';
  }
}
