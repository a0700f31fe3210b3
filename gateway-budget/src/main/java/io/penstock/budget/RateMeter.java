package io.penstock.budget;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * This replica's portion of one sliding rate of one subject. A portion is used within the window in
 * which it was granted, or lost. Thread-safe.
 */
final class RateMeter {
  final String name;
  final String subject;
  final boolean tokens;
  final UUID id;
  private final long window;
  private volatile long limit;
  private long free;
  private long index;
  private long remaining;
  private long flow;

  /** What was taken in the window before. */
  private long last;

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

  private void roll(long storeNow) {
    long at = Math.floorDiv(storeNow, window);
    if (at != index) {
      last = at == index + 1 ? flow : 0;
      index = at;
      // A debt stays: correcting an estimate must not be dodged by the end of a window.
      free = Math.min(0, free);
      flow = 0;
    }
  }

  synchronized boolean take(long amount, long storeNow) {
    roll(storeNow);
    if (free < amount) {
      return false;
    }
    free -= amount;
    flow += amount;
    return true;
  }

  /** Gives back (or, when negative, takes belatedly) what was taken at that moment. */
  synchronized void give(long amount, long takenAt, long storeNow) {
    roll(storeNow);
    if (amount < 0 || Math.floorDiv(takenAt, window) == index) {
      free += amount;
    }
  }

  /** Returns what to ask the store for, so that {@code amount} can be taken. */
  synchronized Request.Take ask(long amount, long storeNow, boolean far) {
    roll(storeNow);
    long extra = far ? Math.max(Math.max(flow, last + last / 4), 8 * amount) : 0;
    return new Request.Take(id, window, limit, Math.max(1, amount - free), extra);
  }

  /** Returns what to ask for as well, so that nobody has to ask for it alone; or null. */
  synchronized Request.@Nullable Take askAhead(long storeNow) {
    roll(storeNow);
    boolean empty = last > 0 && flow == 0 && free <= 0;
    return empty ? new Request.Take(id, window, limit, 1 - free, last + last / 4) : null;
  }

  synchronized void granted(Request.Answer.Taken taken, long storeNow) {
    roll(storeNow);
    free += taken.granted();
    remaining = taken.remaining();
  }

  synchronized RateState state(long storeNow) {
    roll(storeNow);
    return new RateState(
        name,
        subject,
        tokens,
        limit,
        Math.clamp(remaining + free, 0, limit),
        window - Math.floorMod(storeNow, window));
  }

  /** Whether nothing was taken in this window or the one before. */
  synchronized boolean isAtRest(long storeNow) {
    return Math.floorDiv(storeNow, window) > index + 1 && free >= 0;
  }
}
