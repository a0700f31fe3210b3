package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;

/** Numbers of a provider's usage. Stateless. */
public final class Counts {
  /** Beyond any count; a sum of some of them still is a long. */
  private static final long ABSURD = 1L << 56;

  private Counts() {}

  /**
   * Returns a count as it was told; 0 for what is no number or less than nothing. One that no long
   * holds stays absurd instead of what is left of its bits, so that the usage is not taken for a
   * small one.
   */
  public static long of(JsonNode told) {
    if (told.isBigInteger()) {
      return told.bigIntegerValue().signum() < 0 ? 0 : ABSURD;
    }
    return Math.clamp(told.asLong(), 0, ABSURD);
  }

  /**
   * Returns what is left of a whole without its parts. A part that is larger than the whole cannot
   * be in it: it stands beside it, so that neither count is lost.
   */
  public static long rest(long whole, long... parts) {
    long rest = whole;
    for (long part : parts) {
      rest -= part > whole ? 0 : part;
    }
    return Math.max(0, rest);
  }
}
