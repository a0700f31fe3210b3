package io.penstock.cache;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Identical calls in flight share one upstream call.
 *
 * <pre>
 *            join, none in flight            complete, failAll
 *   (none) ----------------------> FLYING ----------------------> (none)
 *                                   |  ^
 *               leader hands over   |  |  next follower leads
 *                                   v  |
 *                                 (same flight)
 * </pre>
 *
 * <p>Members live on different event loops, so a flight's state is guarded by its own lock, held
 * for a few field accesses and never while a member is called. A member is called by whichever
 * thread made the news and hops to its own loop itself; calls for one member come in order.
 *
 * <p>Chunks are handed to every member that streams, those that join late get the earlier ones
 * first. They are kept once, shared, up to a bound; past it the flight takes no more members.
 */
public final class SingleFlight {
  private final ConcurrentHashMap<CacheKey, Flight> flights = new ConcurrentHashMap<>();
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
  public interface Follower {
    /** Returns whether it wants chunks as they come; a unary call waits for the whole. */
    boolean streams();

    /** Takes one event of the stream, in the client's dialect; read only. */
    void onChunk(byte[] event);

    /** The answer is complete; a streaming follower has had all its chunks if any came. */
    void onComplete(CacheEntry answer);

    /** The leader failed before this call had seen anything: it leads now and calls upstream. */
    void onLead(Lead lead);

    /** The leader failed for good, or after this call had seen chunks. */
    void onFailure(Throwable cause);
  }

  /** What {@link #join} made of a call. */
  public sealed interface Role {}

  /** It calls upstream, for itself and for others. Every lead ends in exactly one ending. */
  public final class Lead implements Role {
    private final Flight flight;

    private Lead(Flight flight) {
      this.flight = flight;
    }

    /** Hands one event of the stream to those who follow. Does nothing once ended. */
    public void chunk(byte[] event) {
      flight.chunk(this, event, maxBufferedBytes);
    }

    /** Ends the flight with an answer, whether or not it may be stored. */
    public void complete(CacheEntry answer) {
      for (Member member : flight.end(this)) {
        member.run(follower -> follower.onComplete(answer));
      }
    }

    /** Ends the flight for all: what happened would happen to each of them (a client's mistake). */
    public void failAll(Throwable cause) {
      for (Member member : flight.end(this)) {
        member.run(follower -> follower.onFailure(cause));
      }
    }

    /** Fails and lets the next follower try; those who have seen chunks fail with the cause. */
    public void handOver(Throwable cause) {
      flight.handOver(this, cause);
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
  public static final class Waiting implements Role {
    private final Flight flight;
    private final Member member;

    private Waiting(Flight flight, Member member) {
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
  public Role join(CacheKey key, Follower follower) {
    while (true) {
      Flight fresh = new Flight(key);
      Flight flight = flights.putIfAbsent(key, fresh);
      if (flight == null) {
        return fresh.leader();
      }
      Member member = new Member(follower);
      switch (flight.add(member)) {
        case JOINED -> {
          member.drain();
          return new Waiting(flight, member);
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

  private enum Added {
    JOINED,
    FULL,
    ENDED
  }

  /** News for a follower. */
  private interface News {
    void tell(Follower follower);
  }

  /** A follower with its queue of news, told in order by one thread at a time. */
  private static final class Member {
    private final Follower follower;
    private final ArrayDeque<News> queue = new ArrayDeque<>();
    private boolean telling;
    private boolean left;
    private boolean sawChunks;
    private @Nullable Lead pendingLead;

    Member(Follower follower) {
      this.follower = follower;
    }

    void run(News news) {
      offer(news);
      drain();
    }

    synchronized void offer(News news) {
      queue.add(news);
    }

    /** Returns the lead that was on its way to this member, which now needs another. */
    synchronized @Nullable Lead leave() {
      left = true;
      queue.clear();
      Lead lost = pendingLead;
      pendingLead = null;
      return lost;
    }

    /** Returns false when this member has left. */
    boolean takeLead(Lead lead) {
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
        News next;
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

  /** One upstream call and those who share it. */
  private final class Flight {
    private final CacheKey key;
    private final List<Member> members = new ArrayList<>();
    private final List<byte[]> chunks = new ArrayList<>();
    private long bufferedBytes;
    private @Nullable Lead lead;
    private @Nullable Runnable onAbandoned;
    private boolean full;
    private boolean ended;

    Flight(CacheKey key) {
      this.key = key;
      this.lead = new Lead(this);
    }

    Lead leader() {
      Lead leader = lead;
      if (leader == null) {
        throw new IllegalStateException("a flight without a leader");
      }
      return leader;
    }

    synchronized Added add(Member member) {
      if (ended || full) {
        return ended ? Added.ENDED : Added.FULL;
      }
      members.add(member);
      if (member.follower.streams()) {
        for (byte[] chunk : chunks) {
          member.sawChunks = true;
          member.offer(follower -> follower.onChunk(chunk));
        }
      }
      return Added.JOINED;
    }

    void chunk(Lead from, byte[] event, long maxBytes) {
      List<Member> streaming = new ArrayList<>();
      synchronized (this) {
        if (from != lead) {
          return;
        }
        bufferedBytes += event.length;
        if (full || bufferedBytes > maxBytes) {
          full = true;
          chunks.clear();
        } else {
          chunks.add(event);
        }
        for (Member member : members) {
          if (member.follower.streams()) {
            member.sawChunks = true;
            member.offer(follower -> follower.onChunk(event));
            streaming.add(member);
          }
        }
      }
      streaming.forEach(Member::drain);
    }

    List<Member> end(Lead from) {
      List<Member> waiting;
      synchronized (this) {
        if (from != lead) {
          return List.of();
        }
        lead = null;
        ended = true;
        waiting = List.copyOf(members);
        members.clear();
        chunks.clear();
      }
      flights.remove(key, this);
      return waiting;
    }

    void handOver(Lead from, Throwable cause) {
      List<Member> lost = new ArrayList<>();
      Member heir = null;
      Lead next = new Lead(this);
      synchronized (this) {
        if (from != lead) {
          return;
        }
        for (Member member : members) {
          if (member.sawChunks) {
            lost.add(member);
          } else if (heir == null) {
            heir = member;
          }
        }
        members.removeAll(lost);
        chunks.clear();
        bufferedBytes = 0;
        full = false;
        onAbandoned = null;
        if (heir == null) {
          lead = null;
          ended = true;
        } else {
          members.remove(heir);
          lead = next;
        }
      }
      if (heir == null) {
        flights.remove(key, this);
      } else if (!heir.takeLead(next)) {
        next.handOver(cause);
      }
      lost.forEach(member -> member.run(follower -> follower.onFailure(cause)));
    }

    synchronized boolean isFollowed(Lead from) {
      return from == lead && !members.isEmpty();
    }

    synchronized void onAbandoned(Lead from, Runnable listener) {
      if (from == lead) {
        onAbandoned = listener;
      }
    }

    void leave(Member member) {
      Runnable abandoned = null;
      synchronized (this) {
        if (members.remove(member) && members.isEmpty()) {
          abandoned = onAbandoned;
          onAbandoned = null;
        }
      }
      Lead orphaned = member.leave();
      if (orphaned != null) {
        orphaned.handOver(new IllegalStateException("the follower that was to lead has left"));
      }
      if (abandoned != null) {
        abandoned.run();
      }
    }
  }
}
