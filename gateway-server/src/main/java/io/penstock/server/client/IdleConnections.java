package io.penstock.server.client;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one loop on which nothing is under way, in the order in which they became so.
 * When there are as many as may be, one of them makes room for a client that comes: many that only
 * keep a connection must not shut out who has something to ask. Confined to the loop.
 */
final class IdleConnections {
  /** Who has had an answer a moment ago may be sending what follows. */
  private static final long LEAST_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Spot ends = new Spot();

  /** A connection that may be idle. */
  interface Connection {
    /** Returns since when it is idle, nanoseconds. */
    long idleNanos();

    /**
     * Closes it unless a request has begun, or an answer is being taken; returns whether it did.
     */
    boolean closeIfIdle();
  }

  /** A place in the order; a connection has one for all of its life. */
  static final class Spot {
    private final @Nullable Connection of;
    private Spot previous = this;
    private Spot next = this;

    private Spot() {
      this.of = null;
    }

    Spot(Connection of) {
      this.of = of;
    }

    private void unlink() {
      previous.next = next;
      next.previous = previous;
      previous = this;
      next = this;
    }
  }

  /** It has become idle. */
  void add(Spot spot) {
    spot.unlink();
    spot.previous = ends.previous;
    spot.next = ends;
    ends.previous.next = spot;
    ends.previous = spot;
  }

  /** A request has begun on it, or it is closed. */
  void remove(Spot spot) {
    spot.unlink();
  }

  /**
   * Closes the connection that is idle for the longest, if one is for long enough.
   *
   * @param now nanoseconds, on the clock of {@link Connection#idleNanos}
   */
  void makeRoom(long now) {
    Spot last = ends.previous;
    Spot first = ends;
    while (first != last) {
      first = ends.next;
      Connection longest = first.of;
      if (longest == null || now - longest.idleNanos() < LEAST_NANOS) {
        return;
      }
      // One whose next head is half there is not idle: it is looked at again after all others.
      add(first);
      if (longest.closeIfIdle()) {
        return;
      }
    }
  }
}
