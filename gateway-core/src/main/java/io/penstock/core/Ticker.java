package io.penstock.core;

/** Time, injected so that tests own it. Implementations are thread-safe. */
public interface Ticker {
  /** Returns monotonic nanoseconds; only differences have a meaning. */
  long nanoTime();

  /** Returns milliseconds since the epoch, UTC. */
  long epochMillis();

  /** Returns the clock of this machine. */
  static Ticker system() {
    return SystemTicker.INSTANCE;
  }

  /** See {@link #system()}. */
  enum SystemTicker implements Ticker {
    INSTANCE;

    @Override
    public long nanoTime() {
      return System.nanoTime();
    }

    @Override
    public long epochMillis() {
      return System.currentTimeMillis();
    }
  }
}
