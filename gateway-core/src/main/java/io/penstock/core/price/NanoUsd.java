package io.penstock.core.price;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Money as {@code long} nano-USD: 1 USD = 1,000,000,000. No floating point anywhere. */
public final class NanoUsd {
  /** One US dollar. */
  public static final long USD = 1_000_000_000L;

  /** The largest limit that configuration accepts: 9 billion USD. */
  public static final long MAX = 9_000_000_000L * USD;

  private NanoUsd() {}

  /** Returns a plain decimal with at least two and at most nine places, for example 0.000045. */
  public static String format(long nanos) {
    BigDecimal value = BigDecimal.valueOf(nanos, 9).stripTrailingZeros();
    return (value.scale() < 2 ? value.setScale(2) : value).toPlainString();
  }

  /**
   * Parses a decimal number of USD, exactly.
   *
   * @throws NumberFormatException when it is not a decimal number
   * @throws ArithmeticException when it has more than nine decimal places or is beyond range
   */
  public static long parse(String usd) {
    return new BigDecimal(usd.strip()).movePointRight(9).longValueExact();
  }

  /** Returns nano-USD as decimal USD. */
  public static BigDecimal toUsd(long nanos) {
    return BigDecimal.valueOf(nanos, 9);
  }

  /** Returns a decimal number of USD as nano-USD, rounded half up. */
  public static long round(BigDecimal usd) {
    return usd.movePointRight(9).setScale(0, RoundingMode.HALF_UP).longValueExact();
  }
}
