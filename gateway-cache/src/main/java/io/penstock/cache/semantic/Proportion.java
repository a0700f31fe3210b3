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
    if (happened >= tried) {
      return 1;
    }
    double low = 0;
    double high = 1;
    for (int i = 0; i < STEPS; i++) {
      double middle = (low + high) / 2;
      if (atMost(happened, tried, middle) > 0.05) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  /** Returns the largest share that makes so many improbable: the exact 95 % lower bound. */
  public static double lower(long happened, long tried) {
    return happened == 0 ? 0 : 1 - upper(tried - happened, tried);
  }

  /** Probability of at most {@code k} in {@code n}, summed in logarithms. */
  private static double atMost(long k, long n, double p) {
    double sum = 0;
    double logTerm = n * Math.log1p(-p);
    for (long i = 0; i <= k; i++) {
      sum += Math.exp(logTerm);
      logTerm += Math.log((double) (n - i) / (i + 1)) + Math.log(p) - Math.log1p(-p);
    }
    return sum;
  }
}
