package io.penstock.server.call;

import io.netty.channel.EventLoop;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One thing that may be due later on a call's loop. Confined to it. */
final class LoopTimer {
  private final EventLoop loop;
  private @Nullable ScheduledFuture<?> due;

  LoopTimer(EventLoop loop) {
    this.loop = loop;
  }

  /** Runs the task after that many nanoseconds, instead of what was due before. */
  void start(long nanos, Runnable task) {
    cancel();
    due = loop.schedule(task, nanos, TimeUnit.NANOSECONDS);
  }

  /** Returns whether something was started and not cancelled; it may have run. */
  boolean isStarted() {
    return due != null;
  }

  void cancel() {
    if (due != null) {
      due.cancel(false);
      due = null;
    }
  }
}
