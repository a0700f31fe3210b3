package io.penstock.core.price;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;

/** Money as {@code long} nano-USD: 1 USD = 1,000,000,000. No floating point anywhere. */
public final class NanoUsd {
  /** One US dollar. */
  public static final long USD = 1_000_000_000L;

  /** The largest limit that configuration accepts: 9 billion USD. */
  public static final long MAX = 9_000_000_000L * USD;

  private static final int PLACES = 9;

  /** Sign, ten digits, point, nine digits. */
  private static final int MAX_CHARS = 21;

  private NanoUsd() {}

  /** Returns a plain decimal with at least two and at most nine places, for example 0.000045. */
  public static String format(long nanos) {
    // By hand, not by BigDecimal: every answer's headers carry it.
    byte[] text = new byte[MAX_CHARS];
    int at = MAX_CHARS;
    // Negative remainders throughout, so that Long.MIN_VALUE needs no case of its own.
    long rest = nanos > 0 ? -nanos : nanos;
    boolean shown = false;
    for (int place = PLACES; place > 0; place--) {
      long digit = -(rest % 10);
      rest /= 10;
      shown |= digit != 0 || place <= 2;
      if (shown) {
        text[--at] = (byte) ('0' + digit);
      }
    }
    text[--at] = '.';
    do {
      text[--at] = (byte) ('0' - rest % 10);
      rest /= 10;
    } while (rest != 0);
    if (nanos < 0) {
      text[--at] = '-';
    }
    return new String(text, at, MAX_CHARS - at, StandardCharsets.ISO_8859_1);
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
