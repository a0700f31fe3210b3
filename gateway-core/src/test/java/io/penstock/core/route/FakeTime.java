package io.penstock.core.route;

import io.penstock.core.Ticker;

/** Time that a test owns. Starts near the overflow of nanoTime, which only differences survive. */
final class FakeTime implements Ticker {
  static final long SECOND = 1_000_000_000L;

  private long now = Long.MAX_VALUE - 5 * SECOND;

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public long epochMillis() {
    return 0;
  }

  void pass(long nanos) {
    now += nanos;
  }
}
