package io.penstock.server.config.load;

import org.jspecify.annotations.Nullable;

/**
 * The keys that lead to a value, as a chain, so that walking ten thousand entries builds no text.
 */
final class Where {
  static final Where ROOT = new Where(null, "", -1, true);

  private final @Nullable Where parent;
  private final String name;
  private final int index;
  private final boolean written;

  private Where(@Nullable Where parent, String name, int index, boolean written) {
    this.parent = parent;
    this.name = name;
    this.index = index;
    this.written = written;
  }

  Where key(String name) {
    return new Where(this, name, -1, true);
  }

  Where item(int index) {
    return new Where(this, "", index, true);
  }

  /** The key that a value without its mapping is for: not written, so not part of the text. */
  Where shorthand(String name) {
    return new Where(this, name, -1, false);
  }

  /** The one value that stands without the brackets of its list. */
  Where onlyItem() {
    return new Where(this, "", 0, false);
  }

  /** Returns the same with the keys that shorthands leave out. */
  Where whole() {
    return parent == null ? this : new Where(parent.whole(), name, index, true);
  }

  /** Returns the name beneath a top-level section, such as the model's; null anywhere else. */
  @Nullable String nameUnder(String section) {
    Where below = this;
    while (below.parent != null && below.parent.parent != null && below.parent.parent != ROOT) {
      below = below.parent;
    }
    Where top = below.parent;
    return top != null && top.parent == ROOT && top.name.equals(section) ? below.name : null;
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
    if (!written) {
      return prefix;
    }
    if (index >= 0) {
      return prefix + "[" + index + "]";
    }
    boolean simple = !name.isEmpty() && name.chars().allMatch(Where::isPlain);
    if (!simple) {
      return prefix + "[\"" + Shown.of(name) + "\"]";
    }
    return prefix.isEmpty() ? name : prefix + "." + name;
  }

  private static boolean isPlain(int c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '-';
  }
}
