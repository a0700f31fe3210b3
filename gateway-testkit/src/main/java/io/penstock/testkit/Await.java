package io.penstock.testkit;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for a state that nothing announces, such as another process accepting connections. */
public final class Await {
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private Await() {}

  /** Blocks until the condition holds; fails with the given words after 20 seconds. */
  public static void until(String what, BooleanSupplier condition) {
    until(what, Duration.ofSeconds(Gate.PATIENCE_SECONDS), condition);
  }

  /** Does the same with another patience, for what is known to be slow on a loaded machine. */
  public static void until(String what, Duration patience, BooleanSupplier condition) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError(what + ": not within " + patience.toSeconds() + " s");
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }
}
