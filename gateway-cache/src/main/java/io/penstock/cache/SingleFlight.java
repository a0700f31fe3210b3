package io.penstock.cache;

import io.penstock.core.GatewayException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Identical calls in flight share one upstream call.
 *
 * <pre>
 *            join, none in flight            complete, end, release
 *   (none) ----------------------> FLYING -------------------------> (none)
 *                                   |  ^
 *         leader fails, hands over  |  |  next follower leads; when it fails too,
 *                                   v  |  every one goes on alone
 *                                 (same flight)
 * </pre>
 *
 * <p>Members live on different event loops, so a flight's state is guarded by its own lock, held
 * for a few field accesses and never while a member is called. A member is called by whichever
 * thread made the news and hops to its own loop itself; calls for one member come in order.
 *
 * <p>Pieces of a stream are handed to every member whose stream has the leader's shape; those that
 * join late get the earlier ones first. They are kept once, shared, up to a bound; past it the
 * flight takes no more members.
 *
 * @param <P> a piece of a stream; immutable
 */
public final class SingleFlight<P> {
  private final ConcurrentHashMap<CacheKey, Flight<P>> flights = new ConcurrentHashMap<>();
  private final long maxBufferedBytes;

  /**
   * Creates the registry of one process.
   *
   * @param maxBufferedBytes of stream kept per flight for those who join late
   */
  public SingleFlight(long maxBufferedBytes) {
    this.maxBufferedBytes = maxBufferedBytes;
  }

  /** A call that waits for another's answer. Methods must not block. */
  public interface Follower<P> {
    /**
     * Returns what its stream looks like to the byte; "" for a call that wants the whole answer. A
     * call whose shape is not the leader's waits for the whole.
     */
    String shape();

    /** Takes a piece of the leader's stream. */
    void onPiece(P piece);

    /** The answer is complete; who took pieces has had all of them. */
    void onComplete(CacheEntry answer);

    /** It calls upstream itself now; it had taken no piece. */
    void onLead(Lead<P> lead);

    /**
     * The leader failed after this call had taken pieces.
     *
     * @param why what its own client was told; null when there was nobody to tell, or nothing
     */
    void onCut(@Nullable GatewayException why);
  }

  /** What {@link #join} made of a call. */
  public sealed interface Role<P> permits Lead, Waiting {}

  /** It calls upstream, for itself and for others. Every lead ends in exactly one ending. */
  public static final class Lead<P> implements Role<P> {
    private final Flight<P> flight;

    Lead(Flight<P> flight) {
      this.flight = flight;
    }

    /** Hands a piece of the stream to those who follow. Does nothing once ended. */
    public void piece(P piece, int bytes) {
      flight.piece(this, piece, bytes);
    }

    /** Ends the flight with an answer, whether or not it may be stored. */
    public void complete(CacheEntry answer) {
      flight.complete(this, answer, true);
    }

    /**
     * Ends the flight of a stream that is complete but was too large to keep: who took its pieces
     * is done, the others go on alone.
     *
     * @param answer without its body
     */
    public void end(CacheEntry answer) {
      flight.complete(this, answer, false);
    }

    /**
     * Fails: the next follower tries; the others wait for that one, and go on alone when it fails
     * as well. Does nothing once ended.
     *
     * @param why what those are told who have taken pieces; null when nobody knows
     */
    public void handOver(@Nullable GatewayException why) {
      flight.handOver(this, why);
    }

    /** Returns whether anyone follows: if so, a leader whose client left goes on upstream. */
    public boolean isFollowed() {
      return flight.isFollowed(this);
    }

    /** Runs the listener once when the last follower has left, for a leader without a client. */
    public void onAbandoned(Runnable listener) {
      flight.onAbandoned(this, listener);
    }
  }

  /** It waits; {@link #leave} when its client goes. */
  public static final class Waiting<P> implements Role<P> {
    private final Flight<P> flight;
    private final FlightMember<P> member;

    Waiting(Flight<P> flight, FlightMember<P> member) {
      this.flight = flight;
      this.member = member;
    }

    /**
     * Leaves; nobody else notices. Nothing is called afterwards but news already on its way: a lead
     * that arrives so must be handed over.
     */
    public void leave() {
      flight.leave(member);
    }
  }

  /** Joins the flight of that key, or starts it. A key includes the scope: strangers never meet. */
  public Role<P> join(CacheKey key, Follower<P> follower) {
    while (true) {
      Flight<P> fresh = new Flight<>(flights, key, follower.shape(), maxBufferedBytes);
      Flight<P> flight = flights.putIfAbsent(key, fresh);
      if (flight == null) {
        return fresh.leader();
      }
      FlightMember<P> member = new FlightMember<>(follower);
      switch (flight.add(member)) {
        case JOINED -> {
          member.drain();
          return new Waiting<>(flight, member);
        }
        case FULL -> {
          return fresh.leader();
        }
        case ENDED -> flights.remove(key, flight);
      }
    }
  }

  /** Returns the number of flights. */
  public int size() {
    return flights.size();
  }
}
