package io.penstock.server.upstream;

import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop that carry no request: per origin, last used first, so that a
 * burst's surplus ages out. Those that are too old are found when one is taken, and by one timer
 * for all of them. Confined to its event loop.
 */
final class IdleConnections {
  /** Kept per origin; more are closed when they come back. */
  static final int MOST = 512;

  /**
   * Nanoseconds that a connection may be idle. Servers and load balancers close theirs after 60 s
   * or more, and some of what lies between forgets them then without a word to either side: who
   * closes first never writes on one that is gone.
   */
  static final long MAX_AGE_NANOS = TimeUnit.SECONDS.toNanos(50);

  /** The sweeps are at least so far apart. Nanoseconds. */
  private static final long LEAST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final EventLoop loop;
  private final LongSupplier clock;
  private final IdentityHashMap<Origin, ArrayDeque<UpstreamHandler>> idle = new IdentityHashMap<>();
  private @Nullable ScheduledFuture<?> timer;
  private boolean closed;

  /**
   * Creates it without any.
   *
   * @param clock nanoseconds; only differences count
   */
  IdleConnections(EventLoop loop, LongSupplier clock) {
    this.loop = loop;
    this.clock = clock;
  }

  /** Returns one that may carry a request, or null. */
  @Nullable UpstreamHandler take(Origin origin) {
    ArrayDeque<UpstreamHandler> known = idle.get(origin);
    if (known == null) {
      return null;
    }
    long now = clock.getAsLong();
    for (UpstreamHandler last = known.pollLast(); last != null; last = known.pollLast()) {
      if (isTooOld(last, now)) {
        // So are the others, which came back before it.
        last.channel().close();
      } else if (last.channel().isActive()) {
        return last;
      }
    }
    return null;
  }

  private static boolean isTooOld(UpstreamHandler one, long now) {
    return now - one.idleSinceNanos() > MAX_AGE_NANOS;
  }

  /** Takes one that has its whole answer. */
  void put(Origin origin, UpstreamHandler one) {
    ArrayDeque<UpstreamHandler> known = idle.computeIfAbsent(origin, o -> new ArrayDeque<>());
    if (closed || known.size() >= MOST) {
      one.channel().close();
      return;
    }
    one.idleSince(clock.getAsLong());
    known.addLast(one);
    if (timer == null) {
      sweepIn(MAX_AGE_NANOS);
    }
  }

  private void sweepIn(long nanos) {
    timer = loop.schedule(this::sweep, nanos, TimeUnit.NANOSECONDS);
  }

  /** Closes those that are too old, and looks again when the oldest of the others is. */
  void sweep() {
    timer = null;
    long now = clock.getAsLong();
    long oldest = -1;
    List<UpstreamHandler> old = new ArrayList<>();
    for (Iterator<ArrayDeque<UpstreamHandler>> all = idle.values().iterator(); all.hasNext(); ) {
      ArrayDeque<UpstreamHandler> known = all.next();
      while (!known.isEmpty() && isTooOld(known.getFirst(), now)) {
        old.add(known.removeFirst());
      }
      if (known.isEmpty()) {
        all.remove();
      } else {
        oldest = Math.max(oldest, now - known.getFirst().idleSinceNanos());
      }
    }
    old.forEach(one -> one.channel().close());
    if (oldest >= 0) {
      sweepIn(Math.max(LEAST_PAUSE_NANOS, MAX_AGE_NANOS - oldest));
    }
  }

  /** One was closed. */
  void forget(Origin origin, UpstreamHandler one) {
    ArrayDeque<UpstreamHandler> known = idle.get(origin);
    if (known != null && known.remove(one) && known.isEmpty()) {
      idle.remove(origin);
    }
  }

  /** Closes all, now and when busy ones come back. */
  void close() {
    closed = true;
    List<UpstreamHandler> all = new ArrayList<>();
    idle.values().forEach(all::addAll);
    idle.clear();
    all.forEach(one -> one.channel().close());
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }
}
