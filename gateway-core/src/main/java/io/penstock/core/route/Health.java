package io.penstock.core.route;

/**
 * What is known of one target (or one of its keys): breaker, cooldown, speed. A value; transitions
 * are pure. Times are monotonic nanoseconds.
 *
 * @param breaker see {@link Breaker}
 * @param coolingUntil no attempt before then, after a 429
 * @param cooling whether {@code coolingUntil} means anything
 * @param firstToken time to the first token of streams
 * @param whole time to a whole answer, where no stream was asked for
 * @param output mean output tokens; 0: none seen
 */
record Health(
    Breaker breaker,
    long coolingUntil,
    boolean cooling,
    Speed firstToken,
    Speed whole,
    double output) {

  static final Health FRESH =
      new Health(new Breaker.Closed(new long[0]), 0, false, Speed.UNKNOWN, Speed.UNKNOWN, 0);

  private static final double OUTPUT_STEP = 0.1;

  /** Returns whether an attempt may start whatever the time is. */
  boolean isWell() {
    return !cooling && breaker instanceof Breaker.Closed;
  }

  boolean isCooling(long now) {
    return cooling && coolingUntil - now > 0;
  }

  Health breaker(Breaker next) {
    return breaker.equals(next)
        ? this
        : new Health(next, coolingUntil, cooling, firstToken, whole, output);
  }

  Health coolUntil(long then) {
    if (cooling && coolingUntil - then >= 0) {
      return this;
    }
    return new Health(breaker, then, true, firstToken, whole, output);
  }

  Health renewed() {
    return new Health(FRESH.breaker, 0, false, firstToken, whole, output);
  }

  Health onFirstToken(long nanos, long now) {
    return new Health(breaker, coolingUntil, cooling, firstToken.on(nanos, now), whole, output);
  }

  Health onWhole(long nanos, long now) {
    return new Health(breaker, coolingUntil, cooling, firstToken, whole.on(nanos, now), output);
  }

  Health onSilence(boolean stream, long nanos, long now) {
    Speed first = stream ? firstToken.silent(nanos, now) : firstToken;
    Speed all = stream ? whole : whole.silent(nanos, now);
    return new Health(breaker, coolingUntil, cooling, first, all, output);
  }

  Health onOutput(long tokens) {
    double mean = output == 0 ? tokens : output + OUTPUT_STEP * (tokens - output);
    return new Health(breaker, coolingUntil, cooling, firstToken, whole, mean);
  }

  /** Returns the speed of streams or of whole answers; of the other kind while unknown. */
  Speed speed(boolean stream) {
    Speed asked = stream ? firstToken : whole;
    return asked.mean() > 0 ? asked : stream ? whole : firstToken;
  }
}
