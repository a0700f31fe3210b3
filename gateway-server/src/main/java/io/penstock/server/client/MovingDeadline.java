package io.penstock.server.client;

import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One timer for a limit that moves: set for what is left of it, and when there was progress in the
 * meantime set again. So progress costs nothing. Confined to its event loop.
 */
final class MovingDeadline {
  private final EventExecutor loop;
  private final LongSupplier leftMillis;
  private final Runnable passed;
  private @Nullable ScheduledFuture<?> timer;
  private boolean running;

  /**
   * Creates a deadline; {@link #set} starts it.
   *
   * @param leftMillis what is left now, in milliseconds
   * @param passed called when nothing is left; the timer then runs on unless it is cleared
   */
  MovingDeadline(EventExecutor loop, LongSupplier leftMillis, Runnable passed) {
    this.loop = loop;
    this.leftMillis = leftMillis;
    this.passed = passed;
  }

  /** Sets the timer for what is left now. */
  void set() {
    clear();
    running = true;
    timer = loop.schedule(this::look, Math.max(1, leftMillis.getAsLong()), TimeUnit.MILLISECONDS);
  }

  /** Stops the timer. */
  void clear() {
    running = false;
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private void look() {
    if (leftMillis.getAsLong() <= 0) {
      passed.run();
    }
    if (running) {
      set();
    }
  }
}
