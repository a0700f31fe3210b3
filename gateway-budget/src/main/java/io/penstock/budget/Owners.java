package io.penstock.budget;

/**
 * Owner numbers: the epoch and a number within it, so that the ledger can tell which rows belong to
 * an epoch without asking anyone. 0 is no owner.
 */
public final class Owners {
  static final int BITS = 26;
  private static final int MILLIS_BITS = 6;

  private Owners() {}

  /** Returns the epoch in which that owner lived, 0 for rows without owner. */
  public static long epochOf(long owner) {
    return owner >>> BITS;
  }

  /** Returns the lowest number of an owner of that epoch. */
  public static long firstOf(long epoch) {
    return of(epoch, 0);
  }

  /** Returns when the epoch of that owner began, epoch milliseconds of the store's time. */
  public static long startOf(long owner) {
    return epochOf(owner) << MILLIS_BITS;
  }

  static long of(long epoch, long number) {
    return (epoch << BITS) | number;
  }

  /** Returns the epoch that starts now: grows with time, 36 bits, 64 ms each. */
  static long epochAt(long epochMillis, long previous) {
    return Math.max(epochMillis >>> MILLIS_BITS, previous + 1);
  }
}
