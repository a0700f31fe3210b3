package io.penstock.core;

import java.util.concurrent.atomic.AtomicLong;

/**
 * When something is told that may come by the thousand: the first time, then once in a while, with
 * how often it came. Thread-safe, without locks.
 */
public final class Seldom {
  /** In place of the time of the first. */
  private static final long AT_ONCE = Long.MIN_VALUE;

  private final long pause;
  private final AtomicLong due = new AtomicLong(AT_ONCE);
  private final AtomicLong untold = new AtomicLong();

  /**
   * Creates one that has told nothing yet.
   *
   * @param pause the shortest time between two that are told, in the unit of {@link #counts}
   */
  public Seldom(long pause) {
    this.pause = pause;
  }

  /**
   * Counts one.
   *
   * @param now by a clock that does not go back
   * @return how many there were since the last that was told, this one included, when this one is
   *     to be told; else 0
   */
  public long counts(long now) {
    untold.incrementAndGet();
    long at = due.get();
    boolean isDue = at == AT_ONCE || now - at >= 0;
    return isDue && due.compareAndSet(at, now + pause) ? untold.getAndSet(0) : 0;
  }

  /** Returns how many were counted since the last that was told, and counts anew. */
  public long rest() {
    return untold.getAndSet(0);
  }
}
