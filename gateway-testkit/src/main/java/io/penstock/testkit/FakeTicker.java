package io.penstock.testkit;

import io.penstock.core.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/** Time that stands still until the test moves it. Thread-safe. */
public final class FakeTicker implements Ticker {
  private final AtomicLong nanos = new AtomicLong();
  private final AtomicLong epochNanos;

  private FakeTicker(Instant start) {
    epochNanos = new AtomicLong(start.toEpochMilli() * 1_000_000L);
  }

  /** Returns a ticker that stands at that instant, for example {@code 2026-11-21T12:00:00Z}. */
  public static FakeTicker at(String instant) {
    return new FakeTicker(Instant.parse(instant));
  }

  /** Moves both clocks forward. */
  public void advance(Duration by) {
    nanos.addAndGet(by.toNanos());
    epochNanos.addAndGet(by.toNanos());
  }

  /** Sets the wall clock alone, as NTP or an operator would; the monotonic clock stands still. */
  public void jumpTo(String instant) {
    epochNanos.set(Instant.parse(instant).toEpochMilli() * 1_000_000L);
  }

  @Override
  public long nanoTime() {
    return nanos.get();
  }

  @Override
  public long epochMillis() {
    return epochNanos.get() / 1_000_000L;
  }
}
