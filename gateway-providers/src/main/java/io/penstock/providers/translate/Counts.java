package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;

/** Numbers of a provider's usage. Stateless. */
public final class Counts {
  /** Beyond any count; a sum of some of them still is a long. */
  private static final long ABSURD = 1L << 56;

  private Counts() {}

  /**
   * Returns a count as it was told; 0 for what is no number. One that no long holds stays absurd
   * instead of what is left of its bits, so that the usage is not taken for a small one.
   */
  public static long of(JsonNode told) {
    if (told.isBigInteger()) {
      return told.bigIntegerValue().signum() < 0 ? -ABSURD : ABSURD;
    }
    return Math.clamp(told.asLong(), -ABSURD, ABSURD);
  }
}
