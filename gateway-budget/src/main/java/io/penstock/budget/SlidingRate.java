package io.penstock.budget;

import io.penstock.budget.Request.Answer.Taken;

/**
 * A two-window sliding counter: what was taken in this window, plus what was taken in the one
 * before, weighted by how much of it still lies within one window's length from now.
 */
final class SlidingRate {
  private long index;
  private long current;
  private long previous;
  private long window;

  Taken take(Request.Take take, long now, long sharers) {
    roll(take.windowMillis(), now);
    long left = window - Math.floorMod(now, window);
    long weighted = current + weigh(left);
    if (weighted + take.need() > take.limit()) {
      return new Taken(0, Math.max(0, take.limit() - weighted), retry(take, left));
    }
    long room = take.limit() - weighted - take.need();
    long granted = take.need() + Math.min(take.extra(), sharers == 0 ? room : room / sharers);
    current += granted;
    return new Taken(granted, Math.max(0, take.limit() - weighted - granted), left);
  }

  private void roll(long windowMillis, long now) {
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

  /** Rounds up: never more than the limit. */
  private long weigh(long left) {
    return (long) Math.ceil((double) previous * left / window);
  }

  /** When the weight of the older window, or this window's own end, makes room. */
  private long retry(Request.Take take, long left) {
    long over = current + take.need() - take.limit();
    if (over <= 0) {
      return shrink(previous, -over, left);
    }
    // This window has to become the older one first.
    return left + shrink(current, Math.max(0, take.limit() - take.need()), window);
  }

  /** Milliseconds until {@code amount} weighs at most {@code room}, with {@code left} to go. */
  private long shrink(long amount, long room, long left) {
    if (amount <= 0) {
      return 1;
    }
    return Math.max(1, left - (long) Math.floor((double) room * window / amount));
  }

  boolean isAtRest(long now) {
    return window != 0 && Math.floorDiv(now, window) > index + 1;
  }
}
