package io.penstock.budget;

import java.util.List;

/** Which alerts a counter has to claim, and which it has won. Stateless. */
final class Thresholds {
  private Thresholds() {}

  /** Raises those that this replica has won with a move. */
  static void raise(
      Counter c, Request.Answer.State state, Request.Entry entry, Effects effects, long storeNow) {
    List<Integer> percents = c.rule.terms().alerts();
    for (int bit = 0; bit < percents.size(); bit++) {
      if ((state.won() >>> bit & 1) != 0 && (c.alerted >>> bit & 1) == 0) {
        effects.alert(
            BudgetAlert.of(c.key, percents.get(bit), c.rule.limit(), c.allSpent, storeNow));
      }
    }
    c.alerted = (char) (c.alerted | entry.claim());
    c.claim = (char) (c.claim & ~entry.claim());
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
