package io.penstock.budget;

import java.util.Arrays;

/**
 * What a clock that may be set has shown for the last day, which no setting shortens or lengthens:
 * a time that was behind it all that while is past. Guarded by whoever has it.
 */
final class PastReadings {
  private static final long HOUR_NANOS = 3_600_000_000_000L;

  /** A day, and the hour that has begun. */
  private static final int HOURS = 25;

  /** The earliest reading of each hour. */
  private final long[] earliest = new long[HOURS];

  private long hour;
  private long last;

  /**
   * Creates it: nothing is past before a day is over.
   *
   * @param nanos monotonic
   */
  PastReadings(long nanos) {
    hour = Math.floorDiv(nanos, HOUR_NANOS);
    last = Long.MIN_VALUE;
    Arrays.fill(earliest, Long.MIN_VALUE);
  }

  /**
   * Takes a reading; returns the earliest of the last day.
   *
   * @param nanos monotonic
   * @param epochMillis what the clock shows
   * @return epoch milliseconds; {@link Long#MIN_VALUE} while no day is over
   */
  long earliest(long nanos, long epochMillis) {
    long now = Math.floorDiv(nanos, HOUR_NANOS);
    // Of hours without a reading nobody knows when the clock was set.
    long between = Math.min(last, epochMillis);
    for (int i = 0; i < HOURS && hour < now; i++) {
      hour = Math.max(hour + 1, now - HOURS + 1);
      earliest[Math.floorMod(hour, HOURS)] = between;
    }
    int at = Math.floorMod(now, HOURS);
    earliest[at] = Math.min(earliest[at], epochMillis);
    last = epochMillis;
    return Arrays.stream(earliest).min().orElseThrow();
  }
}
