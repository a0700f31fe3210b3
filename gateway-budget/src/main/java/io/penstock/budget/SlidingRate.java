package io.penstock.budget;

import io.penstock.budget.Request.Answer.Taken;

/**
 * A two-window sliding counter: what was taken in this window, plus what was taken in the one
 * before, weighted by how much of it still lies within one window's length from now. Guarded by
 * whoever has it.
 */
final class SlidingRate {
  private long index;
  private long current;
  private long previous;
  private long window;

  /**
   * Grants a portion.
   *
   * @param sharers of what is left beyond the need, at least 1
   */
  Taken take(Request.Take take, long now, long sharers) {
    roll(take.windowMillis(), now);
    long room = room(take.limit(), now);
    if (take.need() > room) {
      return new Taken(0, Math.max(0, room), retry(take.need(), take.limit(), now));
    }
    long granted = take.need() + Math.min(take.extra(), (room - take.need()) / sharers);
    add(granted);
    return new Taken(granted, room - granted, left(now));
  }

  /** Enters the window of that moment. */
  void roll(long windowMillis, long now) {
    long at = Math.floorDiv(now, windowMillis);
    if (windowMillis != window) {
      previous = 0;
      current = 0;
    } else if (at == index + 1) {
      previous = current;
      current = 0;
    } else if (at > index) {
      previous = 0;
      current = 0;
    }
    // Also when the clock was set back: what was taken counts in the window that it shows.
    index = at;
    window = windowMillis;
  }

  /** Returns what is left of the limit; less than nothing when more was taken. */
  long room(long limit, long now) {
    return limit - current - weigh(left(now));
  }

  void add(long amount) {
    current += amount;
  }

  /** Takes back what was added at that moment, if it still counts. */
  void remove(long amount, long addedAt) {
    long at = Math.floorDiv(addedAt, window);
    if (at == index) {
      current = Math.max(0, current - amount);
    } else if (at == index - 1) {
      previous = Math.max(0, previous - amount);
    }
  }

  private long left(long now) {
    return window - Math.floorMod(now, window);
  }

  /** Rounds up: never more than the limit. */
  private long weigh(long left) {
    return (long) Math.ceil((double) previous * left / window);
  }

  /** When the weight of the older window, or this window's own end, makes room. */
  long retry(long need, long limit, long now) {
    long over = current + need - limit;
    if (over <= 0) {
      return shrink(previous, -over, left(now));
    }
    // This window has to become the older one first.
    return left(now) + shrink(current, Math.max(0, limit - need), window);
  }

  /** Milliseconds until {@code amount} weighs at most {@code room}, with {@code left} to go. */
  private long shrink(long amount, long room, long left) {
    if (amount <= 0) {
      return 1;
    }
    return Math.max(1, left - (long) Math.floor((double) room * window / amount));
  }

  /** Returns the index of the last window of which anything was taken, as far as it counts. */
  long used() {
    return current != 0 ? index : previous != 0 ? index - 1 : index - 2;
  }

  boolean isAtRest(long now) {
    return window != 0 && Math.floorDiv(now, window) > index + 1;
  }
}
