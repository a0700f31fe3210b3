package io.penstock.budget;

/** How much of a counter a replica likes to keep. Guarded by the replica's lock. */
final class Appetite {
  private final Settings settings;

  Appetite(Settings settings) {
    this.settings = settings;
  }

  /** Whether nobody has used it for so long that it goes back. */
  boolean isIdle(Counter c, long now, long storeNow) {
    return storeNow >= c.key.windowEnd()
        || now - c.usedAt > (isFar(c) ? settings.idleFar() : settings.idleNear());
  }

  private static boolean isFar(Counter c) {
    return c.allUsed < c.rule.terms().limit() / 5 * 4;
  }

  /** Returns the room below which the store starts a recall. */
  long low(Counter c, int living) {
    return settings.alone() ? 0 : Math.min(c.largest, Ask.MOST / 4 / living) * 4 * living;
  }

  /**
   * Returns what to ask for beyond what calls need: a second of what is reserved; far from the
   * limit enough for a minute without the store.
   */
  long extra(Counter c, boolean asked, long now) {
    boolean used = c.flow > 0;
    measure(c, now);
    return used || asked ? wanted(c) : 0;
  }

  /** Over a second at least, for moves follow each other more quickly than that. */
  private static void measure(Counter c, long now) {
    long elapsed = now - c.measuredAt;
    if (elapsed >= 1_000) {
      c.burn = Math.max(c.flow / (elapsed / 1_000f), c.burn - c.burn / 4);
      c.largest -= c.largest / 8;
      c.measuredAt = now;
      c.flow = 0;
    }
  }

  private long wanted(Counter c) {
    if (c.rule.isWarning() || c.tight != 0) {
      return 0;
    }
    if (settings.alone()) {
      return Limit.MAX;
    }
    // In the first second what was reserved is all that is known.
    long want = Math.min((long) Math.max(c.burn, c.flow), Ask.MOST / 75);
    if (isFar(c)) {
      want = Math.max(want * 75, Math.min(c.largest, Ask.MOST / 8) * 8);
    }
    return Math.max(0, want - Math.max(0, c.free()));
  }
}
