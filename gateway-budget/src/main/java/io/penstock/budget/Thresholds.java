package io.penstock.budget;

/** Which alerts a counter has to claim, and which it has won. Stateless. */
final class Thresholds {
  /** Nothing is claimed until the store has told what is taken. */
  private static final char UNKNOWN = 0xFFFF;

  private Thresholds() {}

  /** Raises those that this replica has won with a move. */
  static void raise(
      Counter c, Request.Answer.State state, Request.Entry entry, Effects effects, long storeNow) {
    Limit limit = new Limit(entry.limit(), entry.unit());
    for (int bit = 0; bit < entry.alerts().size(); bit++) {
      if ((state.won() >>> bit & 1) != 0) {
        int percent = entry.alerts().get(bit);
        effects.alert(BudgetAlert.of(c.key, percent, limit, c.allSpent, state.given(), storeNow));
      }
    }
    Rule.Terms terms = c.rule.terms();
    // A reload may have changed them since the move was sent.
    if (entry.limit() == terms.limit() && entry.alerts().equals(terms.alerts())) {
      // What is no longer taken may be claimed again: who was to send it died, or something was
      // given back.
      c.alerted = (char) state.taken();
      c.claim = (char) (c.claim & ~entry.claim());
    }
  }

  /**
   * The counter's limit or thresholds were these; returns whether the store has to be asked which
   * of the present ones somebody has sent.
   */
  static boolean changed(Counter c, Rule.Terms before) {
    Rule.Terms now = c.rule.terms();
    if (now.limit() == before.limit() && now.alerts().equals(before.alerts())) {
      return false;
    }
    c.alerted = UNKNOWN;
    c.claim = 0;
    return !now.alerts().isEmpty();
  }

  /** Claims those that settled spend has passed; returns whether there are any. */
  static boolean claim(Counter c) {
    Rule.Terms terms = c.rule.terms();
    boolean any = false;
    for (int bit = 0; bit < terms.alerts().size(); bit++) {
      boolean open = ((c.alerted | c.claim) >>> bit & 1) == 0;
      if (open && c.allSpent > 0 && c.allSpent >= share(terms.limit(), terms.alerts().get(bit))) {
        c.claim = (char) (c.claim | 1 << bit);
        any = true;
      }
    }
    return any;
  }

  /** Returns that share of the limit, or what no spend reaches. */
  static long share(long limit, int percent) {
    if (limit / 100 > Long.MAX_VALUE / 2 / percent) {
      return Long.MAX_VALUE;
    }
    return limit / 100 * percent + limit % 100 * percent / 100;
  }
}
