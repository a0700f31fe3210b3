package io.penstock.core.route;

/**
 * How fast a target answers. A value; times are nanoseconds.
 *
 * @param mean peak-EWMA: a slow answer counts at once and is forgotten slowly; 0: none seen
 * @param seenAt when that was last changed
 * @param p95 running estimate of the 95th percentile; 0: none seen
 * @param seen answers so far, at most {@link #ENOUGH}
 */
record Speed(double mean, long seenAt, double p95, int seen) {
  static final Speed UNKNOWN = new Speed(0, 0, 0, 0);

  /** So many answers have one, on average, that is slower than the 95th percentile. */
  static final int ENOUGH = 20;

  private static final double DECAY_NANOS = 10e9;
  private static final double QUANTILE = 0.95;
  private static final double QUANTILE_STEP = 0.05;

  Speed on(long nanos, long now) {
    double next = nanos;
    if (mean > nanos) {
      double old = Math.exp(-Math.max(0, now - seenAt) / DECAY_NANOS);
      next = mean * old + nanos * (1 - old);
    }
    double quantile = p95;
    if (p95 == 0) {
      quantile = nanos;
    } else if (nanos > p95) {
      quantile += QUANTILE_STEP * QUANTILE * (nanos - p95 > p95 ? nanos - p95 : p95);
    } else {
      quantile -= QUANTILE_STEP * (1 - QUANTILE) * p95;
    }
    return new Speed(next, now, quantile, Math.min(ENOUGH, seen + 1));
  }

  /**
   * Returns the state after an attempt that had no answer after so long: the mean is at least that.
   * An answer that never came has no place among the quantiles, by which hedges are timed.
   */
  Speed silent(long nanos, long now) {
    return nanos <= mean ? this : new Speed(nanos, now, p95, seen);
  }
}
