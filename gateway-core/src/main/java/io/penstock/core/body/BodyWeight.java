package io.penstock.core.body;

/**
 * What the texts of a JSON body take on the heap, found in one pass over its bytes. Text of ASCII
 * letters takes a byte a letter, other text two, and the parser three times that while it reads;
 * each value of a tree takes some more (derived, and tried at the limits: docs/memory.md).
 *
 * @param length of the body, bytes
 * @param wide whether there may be text that is not Latin-1
 * @param tree what the nodes of its tree take beside their texts, bytes; commas in texts count too
 */
public record BodyWeight(long length, boolean wide, long tree) {
  private static final int OBJECT = 220;
  private static final int ARRAY = 60;

  /** A number in a list. */
  private static final int NUMBER = 32;

  /** A field, or another element of a list. */
  private static final int VALUE = 100;

  /** The most that one of a request's tokens takes: an empty object is two. */
  private static final int TOKEN = 110;

  /** Looks at a body. */
  public static BodyWeight of(byte[] body) {
    boolean wide = false;
    long tree = 0;
    for (int at = 0; at < body.length; at++) {
      byte letter = body[at];
      if (letter < 0) {
        wide = true;
      } else if (letter == ',') {
        tree += isNumber(body, at + 1) ? NUMBER : VALUE;
      } else if (letter == '{') {
        tree += OBJECT;
      } else if (letter == '[') {
        tree += ARRAY;
      } else if (letter == '\\' && at + 1 < body.length && body[at + 1] == 'u') {
        wide = true;
      }
    }
    return new BodyWeight(body.length, wide, tree);
  }

  private static boolean isNumber(byte[] body, int at) {
    int from = at < body.length && body[at] <= ' ' ? at + 1 : at;
    return from < body.length && (body[from] == '-' || body[from] >= '0' && body[from] <= '9');
  }

  /** Returns what a tree of it takes while it is read. Bytes. */
  public long reading() {
    return (wide ? 6 : 2) * length + tree;
  }

  /** Returns what its texts take once they are read. Bytes. */
  public long texts() {
    return (wide ? 2 : 1) * length;
  }

  /**
   * Returns what a translation of a request takes: its tree, and the texts of the other tree that
   * are not the same; what is sent is held with the body.
   *
   * @param most tokens that are read before it is refused
   */
  public long translating(long most) {
    long nodes = Math.min(tree, most * TOKEN);
    return (wide ? 6 : 3) * length + 2 * nodes;
  }

  /** Returns what a translation of an answer takes beside its own bytes, and two for each. */
  public long answering() {
    return (wide ? 9 : 4) * length + 2 * tree;
  }
}
