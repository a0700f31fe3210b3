package io.penstock.budget;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The owners of one epoch as {@link MemoryStore} knows them: which connection of each may speak,
 * until when it is taken for alive, and whether it has told all that it holds. Guarded by whoever
 * has the store.
 */
final class Leases {
  /** Of a fence: the owner was charged in full, and may still be closed. */
  private static final long REAPED = -1;

  /** Of a fence: the ledger has told what the owner was charged. */
  private static final long CLOSED = -2;

  private static final int MOST_EXPIRED = 16;

  private final long lease;
  private final Map<Long, Long> fences = new TreeMap<>();
  private final Map<Long, Long> ends = new TreeMap<>();
  private final Set<Long> unready = new HashSet<>();

  /**
   * Creates it without owners.
   *
   * @param millis how long an owner lives without a heartbeat
   */
  Leases(long millis) {
    this.lease = millis;
  }

  /** Returns how long an owner lives without a heartbeat. Milliseconds. */
  long millis() {
    return lease;
  }

  void clear() {
    fences.clear();
    ends.clear();
    unready.clear();
  }

  /** Returns an owner that nobody was. */
  long next(long epoch) {
    return Owners.of(epoch, fences.size() + 1L);
  }

  /** Returns the fence of its newest connection; below 0 when it has ended. */
  long fence(long owner) {
    return fences.getOrDefault(owner, 0L);
  }

  boolean hasEnded(long owner) {
    return fence(owner) < 0;
  }

  /** A connection of an owner says hello. */
  void greet(Request.Hello hello, long owner, long now) {
    fences.put(owner, hello.fence());
    renew(owner, now);
    if (hello.ready()) {
      unready.remove(owner);
    } else {
      unready.add(owner);
    }
  }

  void renew(long owner, long now) {
    ends.put(owner, now + lease);
  }

  boolean isLiving(long owner, long now) {
    Long end = ends.get(owner);
    return end != null && end >= now;
  }

  /** Whether the lease of an owner has run out that nobody has taken care of. */
  boolean isExpired(long owner, long now) {
    Long end = ends.get(owner);
    return end != null && end < now;
  }

  /** Returns how many are alive, at least one. */
  int living(long now) {
    int living = 0;
    for (long end : ends.values()) {
      living += end >= now ? 1 : 0;
    }
    return Math.max(1, living);
  }

  /** Whether all that are alive have told what they hold. */
  boolean areReady(long now) {
    return unready.stream().noneMatch(owner -> isLiving(owner, now));
  }

  /** Returns some whose lease has run out. */
  List<Long> expired(long now) {
    List<Long> expired = new ArrayList<>();
    for (Map.Entry<Long, Long> e : ends.entrySet()) {
      if (e.getValue() < now && expired.size() < MOST_EXPIRED) {
        expired.add(e.getKey());
      }
    }
    return expired;
  }

  /** An owner is charged in full. */
  void reap(long owner, long now) {
    fences.put(owner, REAPED);
    // Its rows may never arrive if this reaper dies too: another one tries again after a lease.
    renew(owner, now);
    unready.remove(owner);
  }

  /** Nobody has to take care of an owner any more. */
  void drop(long owner) {
    ends.remove(owner);
  }

  /** Ends an owner; returns whether it had been closed before. */
  boolean close(long owner) {
    ends.remove(owner);
    unready.remove(owner);
    return Long.valueOf(CLOSED).equals(fences.put(owner, CLOSED));
  }
}
