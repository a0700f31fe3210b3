package io.penstock.cache;

import io.penstock.cache.SingleFlight.Follower;
import io.penstock.cache.SingleFlight.Lead;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** A follower with its queue of news, told in order by one thread at a time. Thread-safe. */
final class FlightMember<P> {
  private final Follower<P> follower;
  private final ArrayDeque<News<P>> queue = new ArrayDeque<>();
  private boolean telling;
  private boolean left;
  private @Nullable Lead<P> pendingLead;

  /** Guarded by the flight's lock. */
  private boolean tookPieces;

  FlightMember(Follower<P> follower) {
    this.follower = follower;
  }

  /** News for a follower. */
  interface News<P> {
    void tell(Follower<P> follower);
  }

  String shape() {
    return follower.shape();
  }

  boolean tookPieces() {
    return tookPieces;
  }

  void offerPiece(P piece) {
    tookPieces = true;
    offer(told -> told.onPiece(piece));
  }

  void run(News<P> news) {
    offer(news);
    drain();
  }

  private synchronized void offer(News<P> news) {
    queue.add(news);
  }

  /** Returns the lead that was on its way to this member, which now needs another. */
  synchronized @Nullable Lead<P> leave() {
    left = true;
    queue.clear();
    Lead<P> lost = pendingLead;
    pendingLead = null;
    return lost;
  }

  /** Returns false when this member has left. */
  boolean takeLead(Lead<P> lead) {
    synchronized (this) {
      if (left) {
        return false;
      }
      pendingLead = lead;
      queue.add(told -> {
        arrived();
        told.onLead(lead);
      });
    }
    drain();
    return true;
  }

  private synchronized void arrived() {
    pendingLead = null;
  }

  void drain() {
    while (true) {
      News<P> next;
      synchronized (this) {
        next = telling || left ? null : queue.poll();
        if (next == null) {
          return;
        }
        telling = true;
      }
      try {
        next.tell(follower);
      } finally {
        synchronized (this) {
          telling = false;
        }
      }
    }
  }
}
