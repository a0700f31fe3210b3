package io.penstock.cache;

import io.penstock.cache.SingleFlight.Lead;
import io.penstock.core.GatewayException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** One upstream call and those who share it; see {@link SingleFlight}. Thread-safe. */
final class Flight<P> {
  private final ConcurrentMap<CacheKey, Flight<P>> registry;
  private final CacheKey key;
  private final long maxBufferedBytes;
  private final List<FlightMember<P>> members = new ArrayList<>();
  private final List<P> pieces = new ArrayList<>();
  private String shape;
  private long bufferedBytes;
  private @Nullable Lead<P> lead;
  private @Nullable Runnable onAbandoned;
  private boolean failedOnce;
  private boolean full;
  private boolean ended;

  Flight(
      ConcurrentMap<CacheKey, Flight<P>> registry,
      CacheKey key,
      String shape,
      long maxBufferedBytes) {
    this.registry = registry;
    this.key = key;
    this.shape = shape;
    this.maxBufferedBytes = maxBufferedBytes;
    this.lead = new Lead<>(this);
  }

  enum Added {
    JOINED,
    FULL,
    ENDED
  }

  Lead<P> leader() {
    Lead<P> leader = lead;
    if (leader == null) {
      throw new IllegalStateException("a flight without a leader");
    }
    return leader;
  }

  synchronized Added add(FlightMember<P> member) {
    if (ended || full) {
      return ended ? Added.ENDED : Added.FULL;
    }
    members.add(member);
    if (streams(member)) {
      pieces.forEach(member::offerPiece);
    }
    return Added.JOINED;
  }

  private boolean streams(FlightMember<P> member) {
    return !shape.isEmpty() && shape.equals(member.shape());
  }

  void piece(Lead<P> from, P piece, int bytes) {
    List<FlightMember<P>> told = new ArrayList<>();
    synchronized (this) {
      if (from != lead) {
        return;
      }
      bufferedBytes += bytes;
      if (full || bufferedBytes > maxBufferedBytes) {
        full = true;
        pieces.clear();
      } else {
        pieces.add(piece);
      }
      for (FlightMember<P> member : members) {
        if (streams(member)) {
          member.offerPiece(piece);
          told.add(member);
        }
      }
    }
    told.forEach(FlightMember::drain);
  }

  /** Ends the flight; without a whole answer those who took no pieces go on alone. */
  void complete(Lead<P> from, CacheEntry answer, boolean whole) {
    List<FlightMember<P>> done = new ArrayList<>();
    List<FlightMember<P>> alone = new ArrayList<>();
    synchronized (this) {
      if (from != lead) {
        return;
      }
      for (FlightMember<P> member : members) {
        (whole || member.tookPieces() ? done : alone).add(member);
      }
      close();
    }
    registry.remove(key, this);
    done.forEach(member -> member.run(follower -> follower.onComplete(answer)));
    alone.forEach(this::goAlone);
  }

  void handOver(Lead<P> from, @Nullable GatewayException why) {
    List<FlightMember<P>> cut = new ArrayList<>();
    List<FlightMember<P>> heirs = new ArrayList<>();
    Lead<P> next = new Lead<>(this);
    boolean over;
    synchronized (this) {
      if (from != lead) {
        return;
      }
      for (FlightMember<P> member : members) {
        (member.tookPieces() ? cut : heirs).add(member);
      }
      over = heirs.isEmpty() || failedOnce;
      if (over) {
        close();
      } else {
        failedOnce = true;
        passTo(heirs.getFirst(), next);
        members.removeAll(cut);
      }
    }
    cut.forEach(member -> member.run(follower -> follower.onCut(why)));
    if (over) {
      registry.remove(key, this);
      heirs.forEach(this::goAlone);
    } else if (!heirs.getFirst().takeLead(next)) {
      retry(next);
    }
  }

  private void passTo(FlightMember<P> heir, Lead<P> next) {
    members.remove(heir);
    shape = heir.shape();
    pieces.clear();
    bufferedBytes = 0;
    full = false;
    onAbandoned = null;
    lead = next;
  }

  private void close() {
    lead = null;
    ended = true;
    members.clear();
    pieces.clear();
  }

  /** Whoever was to lead has left without trying: that is no failure. */
  private void retry(Lead<P> orphaned) {
    synchronized (this) {
      failedOnce = false;
    }
    orphaned.handOver(null);
  }

  /** Gives a member a flight of its own, which nobody can join. */
  private void goAlone(FlightMember<P> member) {
    member.takeLead(new Flight<>(registry, key, member.shape(), maxBufferedBytes).leader());
  }

  synchronized boolean isFollowed(Lead<P> from) {
    return from == lead && !members.isEmpty();
  }

  synchronized void onAbandoned(Lead<P> from, Runnable listener) {
    if (from == lead) {
      onAbandoned = listener;
    }
  }

  void leave(FlightMember<P> member) {
    Runnable abandoned = null;
    synchronized (this) {
      if (members.remove(member) && members.isEmpty()) {
        abandoned = onAbandoned;
        onAbandoned = null;
      }
    }
    Lead<P> orphaned = member.leave();
    if (orphaned != null) {
      retry(orphaned);
    }
    if (abandoned != null) {
      abandoned.run();
    }
  }
}
