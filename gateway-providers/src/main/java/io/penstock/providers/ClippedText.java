package io.penstock.providers;

/**
 * The beginning of a text of which no more was kept, and how much more there was. Immutable.
 *
 * <p>{@link #length} and the characters are those of the beginning.
 */
public final class ClippedText implements CharSequence {
  private final String beginning;
  private final long kept;
  private final long all;

  /**
   * Creates it.
   *
   * @param kept how much the beginning is, in the caller's unit
   * @param all how much the whole was, in the same unit; at least as much
   */
  public ClippedText(String beginning, long kept, long all) {
    this.beginning = beginning;
    this.kept = Math.max(kept, 1);
    this.all = all;
  }

  /** Returns a text, clipped or not, with more behind it, of which nothing is missing. */
  public static CharSequence join(CharSequence text, String behind) {
    if (behind.isEmpty()) {
      return text;
    }
    return text instanceof ClippedText clipped
        ? new ClippedText(
            clipped.beginning + behind,
            clipped.kept + behind.length(),
            clipped.all + behind.length())
        : text + behind;
  }

  /**
   * Returns the tokens of a whole text: the rest has as many for its length as the beginning.
   *
   * @param counted tokens of the characters that there are of it
   */
  public static long tokens(CharSequence text, long counted) {
    return text instanceof ClippedText clipped
        ? (long) Math.ceil((double) counted / clipped.kept * clipped.all)
        : counted;
  }

  @Override
  public int length() {
    return beginning.length();
  }

  @Override
  public char charAt(int index) {
    return beginning.charAt(index);
  }

  @Override
  public CharSequence subSequence(int start, int end) {
    return beginning.subSequence(start, end);
  }

  @Override
  public String toString() {
    return beginning;
  }
}
