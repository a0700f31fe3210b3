package io.penstock.budget;

/** How much of a counter a replica likes to keep. Guarded by the replica's lock. */
final class Appetite {
  /** A limit is far while a fifth of it is left. */
  private static final int FAR = 5;

  private final Settings settings;

  Appetite(Settings settings) {
    this.settings = settings;
  }

  /** Whether nobody has used it for so long that it goes back. */
  boolean isIdle(Counter c, long now, long storeNow) {
    return storeNow >= c.key.windowEnd()
        || c.unusedFor(now) > (isFar(c) ? settings.idleFar() : settings.idleNear());
  }

  /**
   * Whether what is free goes back before the store is asked: where it may be all that is left, so
   * that a refusal is final at once. Elsewhere it stays, for the answer may not come.
   */
  boolean isDrained(Counter c, boolean asked, long now, long storeNow) {
    return c.tight != 0 || (asked && (settings.alone() || !isFar(c))) || isIdle(c, now, storeNow);
  }

  private static long largest(Counter c) {
    return (long) Math.ceil(c.largest);
  }

  private static boolean isFar(Counter c) {
    return c.allUsed < c.rule.terms().limit() / FAR * (FAR - 1);
  }

  /** Returns the room below which the store starts a recall: never while the limit is far. */
  long low(Counter c, int living) {
    if (settings.alone()) {
      return 0;
    }
    long few = Math.min(largest(c), Ask.MOST / 4 / living) * 4 * living;
    return Math.min(few, c.rule.terms().limit() / FAR);
  }

  /**
   * Returns what to ask for beyond what calls need: a second of what is reserved; far from the
   * limit enough for a minute without the store. Of what is not spent all replicas together keep
   * half. Nothing for one that is handed back because nobody uses it.
   */
  long extra(Counter c, boolean asked, int living, long now, long storeNow) {
    boolean used = c.flow > 0 && !isIdle(c, now, storeNow);
    measure(c, now);
    return used || asked ? wanted(c, living) : 0;
  }

  /** Over a second at least, for moves follow each other more quickly than that. */
  private static void measure(Counter c, long now) {
    int elapsed = (int) now - c.measuredAt;
    if (elapsed >= 1_000) {
      c.burn = Math.max(c.flow / (elapsed / 1_000f), c.burn - c.burn / 4);
      c.largest -= c.largest / 8;
      c.measuredAt = (int) now;
      c.flow = 0;
    }
  }

  private long wanted(Counter c, int living) {
    if (c.rule.isWarning() || c.tight != 0) {
      return 0;
    }
    if (settings.alone()) {
      return Limit.MAX;
    }
    // In the first second what was reserved is all that is known.
    long want = Math.min((long) Math.max(c.burn, c.flow), Ask.MOST / 75);
    if (isFar(c)) {
      want = Math.max(want * 75, Math.min(largest(c), Ask.MOST / 8) * 8);
    }
    long free = Math.max(0, c.free());
    long room = Math.max(0, c.rule.terms().limit() - c.allUsed) + free;
    return Math.max(0, Math.min(want, room / (2L * living)) - free);
  }
}
