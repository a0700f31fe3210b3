package io.penstock.server.call;

import java.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/** One thing that may be due later on a call's loop, guarded. Confined to it. */
public final class LoopTimer implements Runnable {
  private final Guard guard;
  private @Nullable ScheduledFuture<?> due;
  private @Nullable Runnable task;

  public LoopTimer(Guard guard) {
    this.guard = guard;
  }

  /** Runs the task after that many nanoseconds, instead of what was due before. */
  public void start(long nanos, Runnable after) {
    cancel();
    task = after;
    due = guard.schedule(this, nanos);
  }

  @Override
  public void run() {
    if (task != null) {
      guard.run(task);
    }
  }

  /** Returns whether something was started and not cancelled; it may have run. */
  public boolean isStarted() {
    return due != null;
  }

  public void cancel() {
    if (due != null) {
      due.cancel(false);
      due = null;
      task = null;
    }
  }
}
