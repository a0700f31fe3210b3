package io.penstock.bench;

import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * When requests are due, and at which target: so many a second, one rate after the other.
 *
 * @param turnMillis how long all requests go to one target before they go to the next; 0: each goes
 *     to whoever is free
 */
record Pace(List<Step> steps, int turnMillis) {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /** A rate, for some seconds. */
  record Step(int rate, int seconds) {
    long requests() {
      return (long) rate * seconds;
    }
  }

  Pace(List<Step> steps) {
    this(steps, 0);
  }

  Pace inTurns(int millis) {
    return new Pace(steps, millis);
  }

  boolean isInTurns() {
    return turnMillis > 0;
  }

  /** Returns whose turn it is when the nth request is due, of that many. */
  int turn(long n, int targets) {
    return isInTurns()
        ? (int) (dueNanos(n) / TimeUnit.MILLISECONDS.toNanos(turnMillis) % targets)
        : 0;
  }

  static Pace of(int rate, int seconds) {
    return new Pace(List.of(new Step(rate, seconds)));
  }

  long requests() {
    return steps.stream().mapToLong(Step::requests).sum();
  }

  int seconds() {
    return steps.stream().mapToInt(Step::seconds).sum();
  }

  /** Returns when the nth request is due, in nanoseconds from the start. */
  long dueNanos(long n) {
    long left = n;
    long from = 0;
    for (Step step : steps) {
      if (left < step.requests()) {
        return from + left * SECOND / step.rate();
      }
      left -= step.requests();
      from += step.seconds() * SECOND;
    }
    return from;
  }
}
