package io.penstock.providers.translate;

/**
 * Follows the arguments of one call as they come, and keeps none of them: whether they are whole,
 * and whether a caller can make anything of them. It looks at brackets and strings alone, so what
 * is wrong within them is not seen. Belongs to one answer.
 */
final class ArgumentsScan {
  private static final String NULL = "null";

  /** How deep in objects and lists, and whether in a string. */
  private int depth;

  private boolean inString;
  private boolean escaped;

  /** Whether an object or list was opened. */
  private boolean begun;

  /** The first character that is not blank; 0 before it. */
  private char first;

  /** How much of {@link #NULL} there is; -1 when it is something else. */
  private int ofNull;

  /** Whether something follows a value that was whole. */
  private boolean more;

  /** A call begins. */
  void reset() {
    depth = 0;
    inString = false;
    escaped = false;
    begun = false;
    first = 0;
    ofNull = 0;
    more = false;
  }

  void read(String fragment) {
    for (int i = 0; i < fragment.length(); i++) {
      read(fragment.charAt(i));
    }
  }

  private void read(char c) {
    if (inString) {
      inString = escaped || c != '"';
      escaped = !escaped && c == '\\';
      return;
    }
    if (Character.isWhitespace(c)) {
      return;
    }
    more |= isWhole();
    first = first == 0 ? c : first;
    ofNull = ofNull >= 0 && ofNull < NULL.length() && NULL.charAt(ofNull) == c ? ofNull + 1 : -1;
    if (c == '"') {
      inString = true;
    } else if (c == '{' || c == '[') {
      depth++;
      begun = true;
    } else if (c == '}' || c == ']') {
      depth--;
    }
  }

  /** Returns whether an object or list was opened and closed. */
  boolean isWhole() {
    return begun && depth <= 0 && !inString;
  }

  /** Returns whether they are neither an object nor nothing, as {@link Trees#arguments} sees it. */
  boolean isBroken() {
    boolean nothing = first == 0 || ofNull == NULL.length();
    return !nothing && (first != '{' || !isWhole() || more);
  }
}
