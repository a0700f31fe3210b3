package io.penstock.core.price;

import java.math.RoundingMode;

/** Division of 128-bit sums without objects. */
final class Wide {
  /** Sums whose high half is below this have a quotient before the last division of 64 bits. */
  static final long MAX_HIGH = 1L << 29;

  /** How many counts of a share make the whole. */
  private static final long FULL = 10_000;

  private static final long CHUNK_MASK = 0xFFFF;

  private Wide() {}

  /**
   * Returns sum x share / (10,000 x unit), rounded once.
   *
   * @param high the sum's high half, 0 to {@link #MAX_HIGH}
   * @param low the sum's low half, unsigned
   * @param share 0 to 10,000
   * @param unit from MAX_HIGH x 10,001 up to 2^46, so that a remainder and 16 more bits fit a long
   * @param rounding HALF_UP or UP
   */
  static long divide(long high, long low, long share, long unit, RoundingMode rounding) {
    if (high == 0 && low >= 0 && share == FULL) {
      // Mostly: what fits a long, and no discount. One division where the way below takes six.
      return rounded(low / unit, low % unit, unit, rounding);
    }
    long productHigh = high * share + Math.unsignedMultiplyHigh(low, share);
    long productLow = low * share;
    long remainder = productHigh;
    long quotient = 0;
    for (int shift = 48; shift >= 0; shift -= 16) {
      long part = (remainder << 16) | ((productLow >>> shift) & CHUNK_MASK);
      quotient = (quotient << 16) + part / unit;
      remainder = part % unit;
    }
    long nanos = Long.divideUnsigned(quotient, FULL);
    long rest = Long.remainderUnsigned(quotient, FULL) * unit + remainder;
    return rounded(nanos, rest, FULL * unit, rounding);
  }

  private static long rounded(long nanos, long rest, long divisor, RoundingMode rounding) {
    boolean up = rounding == RoundingMode.UP ? rest > 0 : rest >= divisor - rest;
    return up ? nanos + 1 : nanos;
  }
}
