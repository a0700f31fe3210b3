package io.penstock.core.body;

/**
 * What the texts of a JSON body take on the heap, found in one pass over its bytes. Text of ASCII
 * letters takes a byte a letter, other text two, and the parser three times that while it reads;
 * each value of a tree takes some more (docs/memory.md has the measurements).
 *
 * @param length of the body, bytes
 * @param wide whether there may be text that is not Latin-1
 * @param values objects, arrays and what they hold, at most; commas in texts count too
 */
public record BodyWeight(long length, boolean wide, long values) {
  /** A field of a small object with its share of the object. Bytes. */
  private static final long VALUE = 120;

  /** Looks at a body. */
  public static BodyWeight of(byte[] body) {
    boolean wide = false;
    long values = 0;
    for (int at = 0; at < body.length; at++) {
      byte letter = body[at];
      if (letter < 0) {
        wide = true;
      } else if (letter == ',' || letter == '{' || letter == '[') {
        values++;
      } else if (letter == '\\' && at + 1 < body.length && body[at + 1] == 'u') {
        wide = true;
      }
    }
    return new BodyWeight(body.length, wide, values);
  }

  /** Returns what a tree of it takes while it is read. Bytes. */
  public long reading() {
    return (wide ? 6 : 2) * length + values * VALUE;
  }

  /** Returns what its texts take once they are read. Bytes. */
  public long texts() {
    return (wide ? 2 : 1) * length;
  }

  /**
   * Returns what a translation of a request takes: its tree, and the texts of the other tree that
   * are not the same; what is sent is held with the body.
   *
   * @param most values that are read before it is refused
   */
  public long translating(long most) {
    long nodes = Math.min(values, most) * VALUE;
    return (wide ? 6 : 3) * length + 2 * nodes;
  }

  /** Returns what a translation of an answer takes beside its own bytes, and two for each. */
  public long answering() {
    return (wide ? 9 : 4) * length + 2 * values * VALUE;
  }
}
