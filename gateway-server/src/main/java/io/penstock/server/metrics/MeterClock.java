package io.penstock.server.metrics;

import io.micrometer.core.instrument.Clock;

/**
 * The time as meters need it. They ask for the time of day four times for each request, to tell
 * when windows of minutes are over: it is that of the last {@link #tick}. Any thread.
 */
public final class MeterClock implements Clock {
  private volatile long millis = System.currentTimeMillis();

  /** Reads the time of day; to be called every second or so. */
  public void tick() {
    millis = System.currentTimeMillis();
  }

  @Override
  public long wallTime() {
    return millis;
  }

  @Override
  public long monotonicTime() {
    return System.nanoTime();
  }
}
