package io.penstock.budget;

/**
 * One sliding rate of one subject, as calls take of it. Thread-safe; nothing here waits for the
 * store.
 */
abstract sealed class RateMeter permits Portion, WholeRate {
  /** Windows for which a meter is remembered without use, and how long at most. */
  private static final int REMEMBERED_WINDOWS = 8;

  private static final long REMEMBERED_MILLIS = 300_000;

  final String name;
  final String subject;
  final boolean tokens;
  final long window;
  private volatile long limit;

  RateMeter(RateSpec spec, String subject, boolean tokens) {
    this.name = spec.name();
    this.subject = subject;
    this.tokens = tokens;
    this.window = spec.every().toMillis();
    limit(spec);
  }

  /** Takes the limit over from what a reload says. */
  final void limit(RateSpec spec) {
    limit = tokens ? spec.tokens() : spec.requests();
  }

  final long limit() {
    return limit;
  }

  /** Takes an amount, if it is free, for a call that was made at that moment. */
  abstract boolean take(long amount, long madeAt);

  /** Gives back (or, when negative, takes belatedly) what was taken at that moment. */
  abstract void give(long amount, long takenAt, long storeNow);

  /** Returns how it stands. */
  abstract RateState state(long storeNow);

  /** Whether nothing was taken for so long that it need not be remembered. */
  abstract boolean isAtRest(long storeNow);

  /**
   * Returns how it stands.
   *
   * @param left may be less than nothing
   * @param used the index of the last window of which anything was taken: it counts until the next
   *     one has ended
   */
  final RateState state(long left, long used, long storeNow) {
    long most = limit;
    long whole = Math.max(storeNow, (used + 2) * window);
    return new RateState(name, subject, tokens, most, Math.clamp(left, 0, most), whole);
  }

  final boolean isUnused(long usedAt, long storeNow) {
    long kept = Math.max(2 * window, Math.min(REMEMBERED_WINDOWS * window, REMEMBERED_MILLIS));
    return storeNow > usedAt + kept;
  }
}
