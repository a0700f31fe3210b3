package io.penstock.budget;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * This replica's portion of one sliding rate of one subject. A portion is used within the window in
 * which it was granted, or lost. Thread-safe.
 */
final class RateMeter {
  /** Windows for which a meter is remembered without use, and how long at most. */
  private static final int REMEMBERED_WINDOWS = 8;

  private static final long REMEMBERED_MILLIS = 300_000;

  final String name;
  final String subject;
  final boolean tokens;
  final UUID id;
  private final long window;
  private volatile long limit;
  private long free;
  private long index;
  private long remaining;

  /** Taken in this window. */
  private long flow;

  /** The most taken in one window, and at one time; the former fades. */
  private long usual;

  private long largest;
  private long usedAt;

  /** Whether it is asked for when a window begins. Replica's lock. */
  boolean remembered;

  /** The same rate's tokens, which a request that is admitted asks for next. */
  volatile @Nullable RateMeter sibling;

  RateMeter(String name, String subject, boolean tokens, UUID id, long windowMillis, long limit) {
    this.name = name;
    this.subject = subject;
    this.tokens = tokens;
    this.id = id;
    this.window = windowMillis;
    this.limit = limit;
    this.remaining = limit;
  }

  void limit(long next) {
    limit = next;
  }

  long windowMillis() {
    return window;
  }

  private void roll(long storeNow) {
    long at = Math.floorDiv(storeNow, window);
    if (at != index) {
      usual = Math.max(flow, usual - (usual + 3) / 4);
      index = at;
      // A debt stays: correcting an estimate must not be dodged by the end of a window.
      free = Math.min(0, free);
      flow = 0;
    }
  }

  /** For a call of some time ago, whose window may have ended meanwhile: it takes of this one. */
  private void rollOn(long then) {
    if (Math.floorDiv(then, window) > index) {
      roll(then);
    }
  }

  /** Takes an amount, if it is free, for a call that was made at that moment. */
  synchronized boolean take(long amount, long madeAt) {
    rollOn(madeAt);
    usedAt = Math.max(usedAt, madeAt);
    if (free < amount) {
      return false;
    }
    free -= amount;
    flow += amount;
    largest = Math.max(largest, amount);
    return true;
  }

  /** Gives back (or, when negative, takes belatedly) what was taken at that moment. */
  synchronized void give(long amount, long takenAt, long storeNow) {
    rollOn(storeNow);
    if (amount < 0 || Math.floorDiv(takenAt, window) == index) {
      free += amount;
    }
  }

  /** Returns what to ask the store for, so that {@code amount} can be taken. */
  synchronized Request.Take ask(long amount, long storeNow, boolean far) {
    roll(storeNow);
    long extra = far ? Math.max(Math.max(flow, wanted()), 8 * amount) : 0;
    return new Request.Take(id, window, limit, Math.max(1, amount - free), extra);
  }

  private long wanted() {
    return 2 * usual + 8 * largest;
  }

  /**
   * Whether nothing of this window has been asked for although the rate was used of late: not only
   * in the last window, for of several replicas each sees a subject in some windows and in others
   * not.
   */
  synchronized boolean isWanting(int living, long storeNow) {
    roll(storeNow);
    return flow == 0 && free <= 0 && mostAhead(living) > 0 && !isAtRest(storeNow);
  }

  /** Of all replicas together a quarter: what one of them does not use is lost to the others. */
  private long mostAhead(int living) {
    return limit / 4 / living;
  }

  /** Returns what to ask for before anybody needs it. */
  synchronized Request.Take askAhead(int living) {
    long most = Math.min(wanted(), mostAhead(living));
    return new Request.Take(id, window, limit, Math.max(0, -free), most);
  }

  synchronized void granted(Request.Answer.Taken taken, long storeNow) {
    roll(storeNow);
    free += taken.granted();
    remaining = taken.remaining();
  }

  synchronized RateState state(long storeNow) {
    rollOn(storeNow);
    return new RateState(
        name,
        subject,
        tokens,
        limit,
        Math.clamp(remaining + free, 0, limit),
        window - Math.floorMod(storeNow, window));
  }

  /** Whether nothing was taken for so long that it need not be remembered. */
  synchronized boolean isAtRest(long storeNow) {
    long kept = Math.max(2 * window, Math.min(REMEMBERED_WINDOWS * window, REMEMBERED_MILLIS));
    return storeNow > usedAt + kept && free >= 0;
  }
}
