package io.penstock.budget;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A rate that replicas share: this one's portion of it. A portion is used within the window in
 * which it was granted, or lost. Thread-safe.
 */
final class Portion extends RateMeter {
  final UUID id;
  private long free;
  private long index;
  private long remaining;

  /** The window in which the store told that, if some of the limit was taken then. */
  private long toldIn = -2;

  /** Taken in this window. */
  private long flow;

  /** Taken in the window before. */
  private long before;

  /** Of what was taken in this window the store has not been asked for so much. */
  private long unasked;

  /** The most taken in one window, and at one time; the former fades. */
  private long usual;

  private long largest;
  private long usedAt;
  private long takenAt;

  /** Whether the store is asked for most of the limit at once, and whether it said no to that. */
  private boolean wantsMost;

  private boolean starved;

  /** Whether it is asked for when a window begins. Replica's lock. */
  boolean remembered;

  /** The same rate's tokens, which a request that is admitted asks for next. */
  volatile @Nullable Portion sibling;

  Portion(RateSpec spec, String subject, boolean tokens, UUID id) {
    super(spec, subject, tokens);
    this.id = id;
    this.remaining = limit();
  }

  private void roll(long storeNow) {
    long at = Math.floorDiv(storeNow, window);
    if (at != index) {
      usual = Math.max(flow, usual - (usual + 3) / 4);
      before = at == index + 1 ? flow : 0;
      index = at;
      unasked = 0;
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

  @Override
  synchronized boolean take(long amount, long madeAt) {
    rollOn(madeAt);
    usedAt = Math.max(usedAt, madeAt);
    if (amount > 0 && free < amount) {
      return false;
    }
    free -= amount;
    flow += amount;
    takenAt = usedAt;
    largest = Math.max(largest, amount);
    return true;
  }

  /**
   * Takes of this replica's even part of the rate, sliding like the whole: the store cannot be
   * asked, and hears of it when it can.
   */
  synchronized boolean takePart(long amount, long madeAt, int replicas) {
    rollOn(madeAt);
    long left = window - Math.floorMod(madeAt, window);
    double weighted = (double) before * left / window;
    double part = (double) limit() / replicas;
    double needed = tokens ? Math.min((double) amount, part) : (double) amount;
    if (flow + needed + weighted > part) {
      return false;
    }
    usedAt = Math.max(usedAt, madeAt);
    flow += amount;
    unasked += amount;
    return true;
  }

  @Override
  synchronized void give(long amount, long takenAt, long storeNow) {
    rollOn(storeNow);
    if (amount < 0 || Math.floorDiv(takenAt, window) == index) {
      free += amount;
    }
  }

  /** Returns what to ask the store for, so that {@code amount} can be taken. */
  synchronized Request.Take ask(long amount, long storeNow) {
    roll(storeNow);
    long extra = Math.max(Math.max(flow, wanted()), 8 * amount);
    long need = Math.max(1, amount + unasked - free);
    // A debt beyond the limit is paid a window's limit at a time, or it would never be.
    need = free < 0 ? Math.min(need, Math.max(amount, limit())) : need;
    wantsMost = need > limit() - limit() / 4;
    return new Request.Take(id, window, limit(), need, extra);
  }

  private long wanted() {
    return 2 * usual + 8 * largest;
  }

  /**
   * Whether nothing of this window has been asked for although the rate was used of late: not only
   * in the last window, for of several replicas each sees a subject in some windows and in others
   * not. What is asked for ahead would keep a call waiting that needs nearly all of the limit.
   */
  synchronized boolean isWanting(int living, long storeNow) {
    roll(storeNow);
    return flow == 0
        && free <= 0
        && !starved
        && mostAhead(living) > 0
        && (free < 0 || !isUnused(takenAt, storeNow));
  }

  /** Of all replicas together a quarter: what one of them does not use is lost to the others. */
  private long mostAhead(int living) {
    return limit() / 4 / living;
  }

  /** Returns what to ask for before anybody needs it. */
  synchronized Request.Take askAhead(int living) {
    wantsMost = false;
    long most = Math.min(wanted(), mostAhead(living));
    return new Request.Take(id, window, limit(), Math.clamp(-free, 0, limit()), most);
  }

  synchronized void granted(Request.Answer.Taken taken, long storeNow) {
    roll(storeNow);
    starved = taken.granted() == 0 && (wantsMost || starved);
    if (taken.granted() > 0) {
      free += taken.granted() - unasked;
      unasked = 0;
    }
    remaining = taken.remaining();
    toldIn = taken.granted() > 0 || remaining < limit() ? index : toldIn;
  }

  @Override
  synchronized RateState state(long storeNow) {
    rollOn(storeNow);
    // What the store told of a window counts in that one and in the next.
    boolean known = toldIn >= index - 1;
    long used = flow != 0 || free < 0 ? index : before != 0 ? index - 1 : index - 2;
    return state(
        (known ? remaining : limit()) + free, known ? Math.max(used, toldIn) : used, storeNow);
  }

  @Override
  synchronized boolean isAtRest(long storeNow) {
    return isUnused(usedAt, storeNow) && free >= 0;
  }
}
