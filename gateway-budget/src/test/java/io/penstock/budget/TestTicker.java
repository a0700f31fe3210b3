package io.penstock.budget;

import io.penstock.core.Ticker;

/** Time that moves when told. */
final class TestTicker implements Ticker {
  private volatile long millis;

  TestTicker(long epochMillis) {
    this.millis = epochMillis;
  }

  synchronized void advance(long by) {
    millis += by;
  }

  @Override
  public long nanoTime() {
    return millis * 1_000_000;
  }

  @Override
  public long epochMillis() {
    return millis;
  }
}
