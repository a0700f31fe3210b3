package io.penstock.server.config.value;

import java.math.BigDecimal;

/**
 * A part of a whole, written {@code 70%}; more than 100% where that has a meaning.
 *
 * @param ratio 0.7 for 70%, exact, without trailing zeros
 */
public record Share(BigDecimal ratio) implements Comparable<Share> {
  /** Strips trailing zeros, so that equal shares are equal. */
  public Share {
    ratio = ratio.stripTrailingZeros();
  }

  /** Returns the ratio for arithmetic that is not about money. */
  public double value() {
    return ratio.doubleValue();
  }

  /** Returns whether it is a whole number of percents. */
  public boolean isWhole() {
    return ratio.scale() <= 2;
  }

  @Override
  public int compareTo(Share other) {
    return ratio.compareTo(other.ratio);
  }

  @Override
  public String toString() {
    return ratio.movePointRight(2).toPlainString() + "%";
  }
}
