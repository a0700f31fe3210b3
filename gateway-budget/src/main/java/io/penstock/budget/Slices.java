package io.penstock.budget;

import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.StampedLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The slices in memory, and the way of a call that needs no store. Thread-safe: calls take and
 * settle under a shared lock, which is exclusive only while a new owner takes the slices over.
 */
final class Slices {
  private final Table<CounterKey, Counter> all = new Table<>(c -> c.key);
  private final ConcurrentLinkedQueue<Counter> dirty = new ConcurrentLinkedQueue<>();
  private final StampedLock owners = new StampedLock();

  private final LongAdder settled = new LongAdder();

  /** Until when slices may be spent, milliseconds of the replica's clock. */
  private volatile long deadline = Long.MIN_VALUE;

  private volatile int apart;

  /** Whose slices these are. Changes under the exclusive lock. */
  private volatile long owner;

  /** Returns the counter of a subject in the window that contains the moment. */
  Counter counter(Rule rule, String subject, long storeNow, long now) {
    Counter found = current(rule, subject, storeNow);
    if (found != null) {
      return found;
    }
    Counter made = resident(rule, rule.key(subject, storeNow), now);
    rule.current.put(made);
    return made;
  }

  /** Returns the same if it has been used of late, else null. */
  @Nullable Counter current(Rule rule, String subject, long storeNow) {
    Counter found = rule.current.get(subject);
    // By the window, not by the moment: a reload may have changed the zone.
    return found != null && !found.isEvicted() && found.key.series().equals(rule.series(storeNow))
        ? found
        : null;
  }

  /** Returns the one object of that counter, made anew if it had left memory. */
  Counter resident(Rule rule, CounterKey key, long now) {
    return all.compute(key, c -> c == null || c.isEvicted() ? new Counter(rule, key, now) : c);
  }

  /** Looks those of a call's counters up again that have left memory since. */
  void bringBack(Call call, long now) {
    for (int i = 0; i < call.counters.length; i++) {
      Counter c = call.counters[i];
      if (c.isEvicted()) {
        call.counters[i] = resident(c.rule, c.key, now);
      }
    }
  }

  /** While the store is away each of so many replicas has its part of rates; 0: it is there. */
  void apart(int replicas) {
    apart = replicas;
  }

  /** Takes all that the call needs from slices, or nothing. */
  boolean take(Call call, long now) {
    return take(call, now, apart);
  }

  /** Does the same, with this replica's part of rates of so many replicas if that is above 0. */
  boolean take(Call call, long now, int replicas) {
    if (call.counters.length == 0 && call.meters.length == 0) {
      // Nothing counts it: it needs no store, and none that is away may refuse it.
      return true;
    }
    if (now > deadline) {
      return false;
    }
    long stamp = owners.readLock();
    try {
      // Again under the lock: a new owner may have come in between.
      return now <= deadline && takeMeters(call, replicas) && takeCounters(call, now);
    } finally {
      owners.unlockRead(stamp);
    }
  }

  private static boolean takeMeters(Call call, int replicas) {
    for (int i = 0; i < call.meters.length; i++) {
      RateMeter meter = call.meters[i];
      long amount = call.metered(i);
      boolean taken =
          meter.take(amount, call.at)
              || (replicas > 0
                  && meter instanceof Portion portion
                  && portion.takePart(amount, call.at, replicas));
      if (!taken) {
        giveMeters(call, i);
        return false;
      }
    }
    return true;
  }

  static void giveMeters(Call call, int upTo) {
    for (int i = 0; i < upTo; i++) {
      call.meters[i].give(call.metered(i), call.at, call.at);
    }
  }

  private boolean takeCounters(Call call, long now) {
    Counter[] counters = call.counters;
    for (int i = 0; i < counters.length; i++) {
      if (!take(call, i)) {
        for (int j = 0; j < i; j++) {
          counters[j].give(call.amount(counters[j]));
        }
        giveMeters(call, call.meters.length);
        return false;
      }
    }
    for (Counter counter : counters) {
      counter.use(call.amount(counter), now);
      if (!counter.attached) {
        soil(counter);
      }
    }
    return true;
  }

  private static boolean take(Call call, int i) {
    Counter counter = call.counters[i];
    return call.isForced(i) || call.isRedirecting(i)
        ? counter.take(call.amount(counter), call.isForced(i))
        : counter.takeOrdinarily(call.amount(counter));
  }

  /** Gives back what a call had taken: nobody wants it any more. */
  void release(Call call) {
    long stamp = owners.readLock();
    try {
      for (Counter c : call.counters) {
        c.give(call.amount(c));
        soil(c);
      }
    } finally {
      owners.unlockRead(stamp);
    }
    giveMeters(call, call.meters.length);
  }

  /** Takes all of budgets whether it fits or not: nothing bounds what this overspends. */
  void force(Call call, long now) {
    call.unmetered = true;
    long stamp = owners.readLock();
    try {
      for (int i = 0; i < call.counters.length; i++) {
        forceOne(call.counters[i], call.amount(call.counters[i]), now);
      }
    } finally {
      owners.unlockRead(stamp);
    }
  }

  private void forceOne(Counter counter, long amount, long now) {
    Counter c = counter;
    while (!c.take(amount, true)) {
      c = resident(c.rule, c.key, now);
    }
    soil(c);
  }

  /**
   * Turns holds into costs; returns whether the store should hear of it at once.
   *
   * @param heard receives the owner on whose account the costs are
   */
  boolean settle(Reservation r, long nanos, long tokens, Reservation.Booked heard) {
    boolean urgent = false;
    if (r.counters().length > 0) {
      settled.increment();
    }
    long stamp = owners.readLock();
    try {
      Counter[] counters = r.counters();
      for (int i = 0; i < counters.length; i++) {
        long held = r.held(counters[i].rule.shape.unit());
        long cost =
            switch (counters[i].rule.shape.unit()) {
              case NANO_USD -> nanos;
              case TOKENS -> tokens;
              case PERMITS -> 0;
            };
        Counter c = counters[i];
        while (!c.settle(held, cost)) {
          // Only a hold of 0 lets its counter leave memory; it comes back for what it cost.
          c = resident(c.rule, c.key, c.usedAt());
        }
        heard.on(c, owner, cost);
        soil(c);
        urgent |= c.tight != 0;
      }
    } finally {
      owners.unlockRead(stamp);
    }
    return urgent;
  }

  /** How many attempts have been settled so far. */
  long settled() {
    return settled.sum();
  }

  /** Marks a counter as one of which the store has to be told. */
  void soil(Counter counter) {
    if (!counter.dirty) {
      counter.dirty = true;
      dirty.add(counter);
    }
  }

  @Nullable Counter nextDirty() {
    Counter next = dirty.poll();
    if (next != null) {
      next.dirty = false;
    }
    return next;
  }

  void eachDirty(Consumer<Counter> action) {
    dirty.forEach(action);
  }

  /** Hands all slices to a new owner; returns how many. */
  int adopt(long newOwner, boolean keepFree) {
    long stamp = owners.writeLock();
    try {
      deadline = Long.MIN_VALUE;
      owner = newOwner;
      dirty.clear();
      int adopted = 0;
      for (Counter c : all) {
        c.dirty = false;
        if (!c.isEvicted()) {
          c.adopt(keepFree);
          soil(c);
          adopted++;
        }
      }
      return adopted;
    } finally {
      owners.unlockWrite(stamp);
    }
  }

  long owner() {
    return owner;
  }

  void deadline(long until) {
    deadline = until;
  }

  boolean mayServe(long now) {
    return now <= deadline;
  }

  /** Lets a counter leave memory if it holds nothing and all of it has been told. */
  void evict(Counter c) {
    if (c.evict()) {
      all.remove(c);
      c.rule.current.remove(c);
    }
  }

  @Nullable Counter find(UUID id) {
    return all.get(CounterKey.probe(id));
  }

  Table<CounterKey, Counter> all() {
    return all;
  }
}
