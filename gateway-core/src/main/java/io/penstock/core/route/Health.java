package io.penstock.core.route;

/**
 * What is known of one target (or one of its keys): breaker, cooldown, speed. A value; transitions
 * are pure. Times are monotonic nanoseconds.
 *
 * @param breaker see {@link Breaker}
 * @param coolingUntil no attempt before then, after a 429
 * @param cooling whether {@code coolingUntil} means anything
 * @param firstToken peak-EWMA of the time to the first token; 0: none seen
 * @param seenAt when that was last changed
 * @param p95 running estimate of the 95th percentile of the time to the first token; 0: none seen
 * @param output mean output tokens; 0: none seen
 */
record Health(
    Breaker breaker,
    long coolingUntil,
    boolean cooling,
    double firstToken,
    long seenAt,
    double p95,
    double output) {

  static final Health FRESH = new Health(new Breaker.Closed(new long[0]), 0, false, 0, 0, 0, 0);

  /** A slow answer counts at once and is forgotten over this time. */
  private static final double DECAY_NANOS = 10e9;

  private static final double QUANTILE = 0.95;
  private static final double QUANTILE_STEP = 0.05;
  private static final double OUTPUT_STEP = 0.1;

  boolean isCooling(long now) {
    return cooling && coolingUntil - now > 0;
  }

  Health breaker(Breaker next) {
    return breaker.equals(next)
        ? this
        : new Health(next, coolingUntil, cooling, firstToken, seenAt, p95, output);
  }

  Health coolUntil(long then) {
    if (cooling && coolingUntil - then >= 0) {
      return this;
    }
    return new Health(breaker, then, true, firstToken, seenAt, p95, output);
  }

  Health onFirstToken(long nanos, long now) {
    double speed = nanos;
    if (firstToken > nanos) {
      double old = Math.exp(-Math.max(0, now - seenAt) / DECAY_NANOS);
      speed = firstToken * old + nanos * (1 - old);
    }
    double quantile = p95;
    if (p95 == 0) {
      quantile = nanos;
    } else if (nanos > p95) {
      quantile += QUANTILE_STEP * QUANTILE * (nanos - p95 > p95 ? nanos - p95 : p95);
    } else {
      quantile -= QUANTILE_STEP * (1 - QUANTILE) * p95;
    }
    return new Health(breaker, coolingUntil, cooling, speed, now, quantile, output);
  }

  Health onOutput(long tokens) {
    double mean = output == 0 ? tokens : output + OUTPUT_STEP * (tokens - output);
    return new Health(breaker, coolingUntil, cooling, firstToken, seenAt, p95, mean);
  }
}
