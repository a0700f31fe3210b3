package io.penstock.server.upstream;

import io.netty.channel.EventLoop;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The timer of one connection, for the requests that it carries one after the other. Most are over
 * long before any of their time-outs, and find it set by one before them, for sooner than they
 * need: it looks, and is set again. So a request schedules nothing. Confined to its event loop.
 */
final class Watch {
  /** A timer that comes later than this says that the loop, or the whole process, stood still. */
  private static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** How long it may then read what came meanwhile, before anybody is called silent. */
  private static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final EventLoop loop;
  private @Nullable UpstreamCall call;
  private @Nullable ScheduledFuture<?> timer;
  private long dueNanos;

  Watch(EventLoop loop) {
    this.loop = loop;
  }

  /** Looks at the request when so many nanoseconds from now are over, perhaps before. */
  void lookIn(long nanos, long nowNanos, UpstreamCall at) {
    call = at;
    if (timer == null || nanos < dueNanos - nowNanos) {
      cancel();
      dueNanos = nowNanos + nanos;
      timer = loop.schedule(this::look, nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void look() {
    timer = null;
    if (call == null) {
      return;
    }
    long now = System.nanoTime();
    if (now - dueNanos >= LATE_NANOS) {
      lookIn(GRACE_NANOS, now, call);
    } else {
      call.check(this);
    }
  }

  /** The request is done. */
  void over() {
    call = null;
  }

  /** The connection is. */
  void cancel() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }
}
