package io.penstock.budget;

import io.penstock.budget.Request.Answer.Moved;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the store has to hear of counters, and when: calls that wait, counters that others wait for,
 * and what has changed since it was told. One move is under way at a time. Replica's lock.
 */
final class Moves {
  private static final int MOST_CALLS = 64;
  private static final int SWEEP = 10_000;

  private final Settings settings;
  private final Effects effects;
  private final Slices slices;
  private final Appetite appetite;
  private final Ahead ahead = new Ahead();
  private final ArrayDeque<Counter> urgent = new ArrayDeque<>();

  /** The move that has no answer yet. */
  private @Nullable Parcel underWay;

  private Iterator<Counter> sweep = List.<Counter>of().iterator();
  private long sweepAt;

  /** All that has changed is being told, in as many moves as that takes. */
  private boolean syncing;

  private int living = 1;
  private int uncarried;

  Moves(Settings settings, Effects effects, Slices slices) {
    this.settings = settings;
    this.effects = effects;
    this.slices = slices;
    this.appetite = new Appetite(settings);
  }

  /** So many counters, all that were taken over, have to be told before anything is reserved. */
  void carry(int count) {
    for (Counter c = urgent.poll(); c != null; c = urgent.poll()) {
      c.urgent = false;
    }
    uncarried = count;
  }

  /** Returns how many replicas were alive at the last answer, this one too. */
  int living() {
    return living;
  }

  boolean isCarried() {
    return uncarried <= 0;
  }

  @Override
  public String toString() {
    return "uncarried %d, urgent %d".formatted(uncarried, urgent.size());
  }

  boolean isUnderWay(Call call) {
    return underWay != null && underWay.holds(call);
  }

  void urge(Counter c) {
    if (!c.urgent) {
      c.urgent = true;
      urgent.add(c);
    }
  }

  /** The answer will not come: everything is told again. */
  void forget() {
    if (underWay != null) {
      for (Counter c : underWay.counters()) {
        c.lost = true;
        slices.soil(c);
        urge(c);
      }
      underWay = null;
    }
  }

  /** Tells at once of what others wait for. */
  void urgeTight() {
    slices.eachDirty(c -> {
      if (c.tight != 0) {
        urge(c);
      }
    });
  }

  /** Gives back all that is free, everywhere. */
  void drainAll() {
    for (Counter c : slices.all()) {
      c.balance(true);
      slices.soil(c);
    }
  }

  /** Looks for slices that nobody uses, a part of them at a time. */
  void sweep(long now, long storeNow) {
    for (int i = 0; i < SWEEP && sweep.hasNext(); i++) {
      rest(sweep.next(), now, storeNow);
    }
    if (!sweep.hasNext() && now >= sweepAt) {
      sweep = slices.all().iterator();
      sweepAt = now + settings.heartbeat();
    }
  }

  /** Lets an idle slice go back, and leave memory once that has been told. */
  private void rest(Counter c, long now, long storeNow) {
    // One that is in the move under way may be granted something.
    if (appetite.isIdle(c, now, storeNow) && (underWay == null || !underWay.holds(c))) {
      if (c.lost || c.free() != 0 || c.toldSpent != c.spent() || c.toldAllowed != c.allowed) {
        urge(c);
      } else {
        slices.evict(c);
      }
    }
  }

  /**
   * Returns the next move, or null when there is nothing to say.
   *
   * @param sync whether everything that has changed is to be told
   */
  @Nullable Request build(
      Standing standing, ArrayDeque<Call> waiting, boolean sync, long now, long storeNow) {
    Parcel parcel = new Parcel(appetite, new Portions(ahead, living), living, now, storeNow);
    int calls = 0;
    for (Iterator<Call> i = waiting.iterator(); i.hasNext() && calls < MOST_CALLS; ) {
      Call call = i.next();
      if (call.retryAt > now) {
        continue;
      }
      if (slices.take(call, now)) {
        i.remove();
        effects.complete(call, effects.granted(call));
      } else {
        slices.bringBack(call, now);
        parcel.add(call);
        calls++;
      }
    }
    addCounters(parcel, sync);
    parcel.portions().askAhead(settings.counters() - parcel.size(), storeNow);
    if (parcel.isEmpty()) {
      return null;
    }
    underWay = parcel;
    return parcel.request(standing.epoch(), standing.owner(), standing.fence());
  }

  private void addCounters(Parcel parcel, boolean sync) {
    while (!urgent.isEmpty() && parcel.size() < settings.counters()) {
      Counter c = urgent.poll();
      c.urgent = false;
      parcel.add(c);
    }
    syncing |= sync;
    while (syncing && parcel.size() < settings.counters()) {
      Counter c = slices.nextDirty();
      if (c != null) {
        parcel.add(c);
      } else {
        syncing = false;
      }
    }
  }

  void apply(Moved moved, ArrayDeque<Call> waiting, long now, long storeNow) {
    Parcel parcel = Objects.requireNonNull(underWay, "an answer to no move");
    living = Math.max(1, moved.living());
    uncarried -=
        new Booking(parcel, moved, waiting, effects, slices, this::urge).apply(now, storeNow);
    underWay = null;
  }
}
