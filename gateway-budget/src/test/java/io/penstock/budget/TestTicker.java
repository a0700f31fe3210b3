package io.penstock.budget;

import io.penstock.core.Ticker;

/** Time that moves when told. */
final class TestTicker implements Ticker {
  private volatile long millis;
  private volatile long ahead;

  TestTicker(long epochMillis) {
    this.millis = epochMillis;
  }

  synchronized void advance(long by) {
    millis += by;
  }

  /** Sets the clock on the wall so far ahead of what it was at first. */
  void setAhead(long by) {
    ahead = by;
  }

  @Override
  public long nanoTime() {
    return millis * 1_000_000;
  }

  @Override
  public long epochMillis() {
    return millis + ahead;
  }
}
