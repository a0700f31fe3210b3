package io.penstock.budget;

import java.util.concurrent.atomic.AtomicLongFieldUpdater;

/**
 * This replica's slice of one counter: of {@code allowed} that the store granted, {@code spent} is
 * settled, {@code free} may be reserved, the rest is held by open calls.
 *
 * <p>{@code free} and {@code spent} are changed by any thread, atomically; everything else belongs
 * to the replica's lock. There may be a million, so no field is wider than it has to be.
 */
final class Counter {
  /** Of {@code free}: this object has left memory; whoever finds it looks the counter up again. */
  private static final long EVICTED = Long.MIN_VALUE;

  /** Of what was told: nothing yet. */
  private static final long UNTOLD = -1;

  /** Nothing yet, and it was taken over by a new owner, who tells all of these first. */
  private static final long CARRIED = -2;

  private static final AtomicLongFieldUpdater<Counter> FREE =
      AtomicLongFieldUpdater.newUpdater(Counter.class, "free");
  private static final AtomicLongFieldUpdater<Counter> SPENT =
      AtomicLongFieldUpdater.newUpdater(Counter.class, "spent");

  final Rule rule;
  final CounterKey key;
  private volatile long free;
  private volatile long spent;

  /** Whether it waits to be told to the store. Set by any thread. */
  volatile boolean dirty;

  /**
   * When it was last used, milliseconds of the replica's clock in 32 bits, of which differences are
   * taken. Racy on purpose.
   */
  private volatile int usedAt;

  /** Reserved since it was measured last; racy on purpose: it only sizes the next grant. */
  float flow;

  /** Reserved per second, as of the last measurements. */
  float burn;

  /** The largest amount of late, as far as it matters. */
  float largest;

  /** Number of the recall that is on; 0: none. */
  volatile int tight;

  /**
   * A debt has become allowance and no answer has told whether it is beyond the limit. Written
   * under the replica's lock.
   */
  private volatile boolean stretched;

  volatile long allSpent;
  volatile long allUsed;
  long allowed;

  /** When {@link #flow} began, as {@link #usedAt}. */
  int measuredAt;

  long toldSpent = UNTOLD;
  long toldAllowed = UNTOLD;
  boolean attached;

  /** Alerts to be claimed, and those that are somebody's already: 16 bits. */
  char claim;

  char alerted;

  /** Index in the move that is being built, plus one. */
  int index;

  boolean urgent;

  /** A move was lost: the store may have granted what nobody here knows of. */
  boolean lost;

  Counter(Rule rule, CounterKey key, long now) {
    this.rule = rule;
    this.key = key;
    this.usedAt = (int) now;
    this.measuredAt = (int) now;
  }

  /**
   * Takes an amount for a call that its budget has not sent to another model. Not from a budget
   * that is used up and sends calls on: what is free there redirected calls gave back, and it may
   * lie beyond the limit.
   */
  boolean takeOrdinarily(long amount) {
    if (!take(amount, false)) {
      return false;
    }
    // Looked at afterwards: both were set before what was redirected could be given back.
    if (amount > 0 && (tight != 0 || stretched) && rule.terms().over() instanceof Over.Use) {
      give(amount);
      return false;
    }
    return true;
  }

  /** Takes an amount if it is free; a forced one is taken anyway and leaves a debt. */
  boolean take(long amount, boolean forced) {
    while (true) {
      long before = free;
      if (before == EVICTED || (!forced && amount > 0 && before < amount)) {
        return false;
      }
      if (FREE.compareAndSet(this, before, before - amount)) {
        return true;
      }
    }
  }

  /** Gives back an amount that was taken; false when this object has left memory. */
  boolean give(long amount) {
    while (true) {
      long before = free;
      if (before == EVICTED) {
        return false;
      }
      if (FREE.compareAndSet(this, before, before + amount)) {
        return true;
      }
    }
  }

  /** Turns a hold into what it cost; a cost above the hold leaves a debt. */
  boolean settle(long held, long cost) {
    // First free, then spent: between the two it looks held, never idle.
    if (!give(held - cost)) {
      return false;
    }
    SPENT.addAndGet(this, cost);
    return true;
  }

  /** Takes what is free out of the allowance, or a debt into it. */
  void balance(boolean drain) {
    long before = free;
    while (before != EVICTED && (before < 0 || (drain && before > 0))) {
      stretched |= before < 0;
      if (FREE.compareAndSet(this, before, 0)) {
        allowed -= before;
        return;
      }
      before = free;
    }
  }

  /** Becomes the slice of a new owner: holds stay, what was settled was the old owner's. */
  void adopt(boolean keepFree) {
    long held = held();
    stretched |= tight != 0 || free < 0;
    long kept = keepFree ? Math.max(0, free) : 0;
    free = kept;
    spent = 0;
    allowed = held + kept;
    attached = true;
    toldAllowed = CARRIED;
    toldSpent = UNTOLD;
    tight = 0;
  }

  /**
   * The store has told what it thinks of this.
   *
   * @param have what it has allowed this replica, as it knows
   */
  void heard(long have, long recall) {
    toldAllowed = have;
    tight = (int) recall;
    if (have == allowed) {
      stretched = false;
    }
  }

  /** Whether a move has told of it, so that {@link #allSpent} is the store's. */
  boolean isTold() {
    return toldAllowed >= 0;
  }

  /** Whether a new owner took it over and has not told the store of it. */
  boolean isCarried() {
    return toldAllowed == CARRIED;
  }

  void attach(long allowedBefore, long spentBefore, long booked) {
    attached = true;
    allowed += allowedBefore;
    SPENT.addAndGet(this, spentBefore);
    give(allowedBefore - spentBefore - booked);
  }

  long free() {
    long now = free;
    return now == EVICTED ? 0 : now;
  }

  long spent() {
    return spent;
  }

  long held() {
    return allowed - spent - free();
  }

  /** Leaves memory if nothing is held, free or untold. */
  boolean evict() {
    return !lost
        && allowed == spent
        && toldAllowed == allowed
        && toldSpent == spent
        && FREE.compareAndSet(this, 0, EVICTED);
  }

  boolean isEvicted() {
    return free == EVICTED;
  }

  void use(long amount, long now) {
    usedAt = (int) now;
    flow += amount;
    if (amount > largest) {
      largest = amount;
    }
  }

  int usedAt() {
    return usedAt;
  }

  /** Milliseconds since it was used. */
  int unusedFor(long now) {
    return (int) now - usedAt;
  }

  /** What settled calls cost, of all replicas, as well as this one knows. */
  long spentEverywhere() {
    return allSpent + untold();
  }

  /** The same and what is held here. */
  long used() {
    return spentEverywhere() + Math.max(0, held());
  }

  /** What was settled here and the store has not heard of. */
  long untold() {
    return attached ? Math.max(0, spent - Math.max(0, toldSpent)) : spent;
  }

  /**
   * Returns the refusal of a call that needs so much.
   *
   * @param most what spent + held may reach in that call
   */
  Verdict denied(long need, long most) {
    Rule.Terms terms = rule.terms();
    if (rule.shape.unit() == Limit.Unit.PERMITS) {
      long running = Math.max(terms.limit(), allUsed);
      return new Verdict.ConcurrencyLimited(key, terms.limit(), running, terms.targetBound());
    }
    long spent = allSpent;
    return new Verdict.Denied(
        key,
        rule.limit(),
        most,
        spent,
        Math.max(0, allUsed - spent),
        need,
        terms.over(),
        terms.targetBound());
  }
}
