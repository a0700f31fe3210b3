package io.penstock.cache.semantic;

/**
 * How large a share may be, given how often something happened: exact (Clopper-Pearson) one-sided
 * bounds for decisions, the Wilson interval for display.
 */
public final class Proportion {
  private static final double Z95 = 1.959964;
  private static final int STEPS = 50;

  private Proportion() {}

  /** An interval of shares, 0..1. */
  public record Interval(double low, double high) {}

  /** Returns the two-sided 95 % Wilson interval; everything when nothing was tried. */
  public static Interval wilson(long happened, long tried) {
    if (tried == 0) {
      return new Interval(0, 1);
    }
    double p = (double) happened / tried;
    double z2 = Z95 * Z95 / tried;
    double centre = (p + z2 / 2) / (1 + z2);
    double half = Z95 * Math.sqrt(p * (1 - p) / tried + z2 / (4 * tried)) / (1 + z2);
    return new Interval(Math.max(0, centre - half), Math.min(1, centre + half));
  }

  /** Returns the least share that makes so few improbable: the exact 95 % upper bound. */
  public static double upper(long happened, long tried) {
    return happened >= tried ? 1 : share(happened, tried, 0.05);
  }

  /** Returns the largest share that makes so many improbable: the exact 95 % lower bound. */
  public static double lower(long happened, long tried) {
    return happened == 0 ? 0 : share(happened - 1, tried, 0.95);
  }

  /** Returns the share at which at most {@code k} of {@code n} happen with that probability. */
  private static double share(long k, long n, double probability) {
    double logWays = 0;
    for (long i = 0; i < k; i++) {
      logWays += Math.log((double) (n - i) / (i + 1));
    }
    double low = 0;
    double high = 1;
    for (int i = 0; i < STEPS; i++) {
      double middle = (low + high) / 2;
      if (atMost(k, n, middle, logWays) > probability) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  /**
   * Probability of at most {@code k} in {@code n}: from the last term down, each made from the one
   * above it, until they no longer count. Event loops ask for it.
   */
  private static double atMost(long k, long n, double p, double logWays) {
    double term = Math.exp(logWays + k * Math.log(p) + (n - k) * Math.log1p(-p));
    if (term == 0) {
      return k > n * p ? 1 : 0; // too far in the tail to be told apart
    }
    double odds = (1 - p) / p;
    double sum = 0;
    for (long i = k; i >= 0; i--) {
      sum += term;
      double ratio = odds * i / (n - i + 1);
      if (ratio < 1 && term < sum * 1e-12) {
        break;
      }
      term *= ratio;
    }
    return sum;
  }
}
