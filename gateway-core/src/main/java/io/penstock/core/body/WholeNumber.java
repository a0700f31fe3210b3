package io.penstock.core.body;

import java.math.BigDecimal;

/** Whole numbers in any of the ways that a lenient reader takes them. Stateless. */
public final class WholeNumber {
  /** What is more counts as this: no request gets so many of anything, and products fit. */
  public static final long MOST = 100_000_000_000L;

  /** Longer is no number that anybody means. */
  private static final int MOST_CHARACTERS = 64;

  private WholeNumber() {}

  /** Returns the number that a text such as {@code 8}, {@code 8.0} or {@code 8e0} is, else -1. */
  public static long of(String text) {
    if (text.length() > MOST_CHARACTERS) {
      return -1;
    }
    try {
      BigDecimal number = new BigDecimal(text);
      if (number.compareTo(BigDecimal.valueOf(MOST)) >= 0) {
        return MOST;
      }
      return number.signum() < 0 || number.stripTrailingZeros().scale() > 0
          ? -1
          : number.longValueExact();
    } catch (NumberFormatException e) {
      return -1;
    }
  }
}
