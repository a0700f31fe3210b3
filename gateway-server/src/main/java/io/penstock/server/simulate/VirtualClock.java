package io.penstock.server.simulate;

import io.penstock.core.Ticker;

/** Time as the record has it. Never goes back. Confined to the replay's thread. */
final class VirtualClock implements Ticker {
  private long millis;

  /** Goes on to that moment, epoch milliseconds; an earlier one changes nothing. */
  void advance(long toMillis) {
    millis = Math.max(millis, toMillis);
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
