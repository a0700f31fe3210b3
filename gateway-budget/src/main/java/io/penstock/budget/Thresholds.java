package io.penstock.budget;

import java.util.List;

/** Which alerts a counter has to claim, and which it has won. Stateless. */
final class Thresholds {
  private Thresholds() {}

  /** Raises those that this replica has won with a move. */
  static void raise(
      Counter c, Request.Answer.State state, Request.Entry entry, Effects effects, long storeNow) {
    List<Integer> percents = c.rule.terms().alerts();
    // A reload may have changed the list since the move was sent.
    int won = translate(state.won(), entry.alerts(), percents) & ~c.alerted;
    for (int bit = 0; bit < percents.size(); bit++) {
      if ((won >>> bit & 1) != 0) {
        effects.alert(
            BudgetAlert.of(c.key, percents.get(bit), c.rule.limit(), c.allSpent, storeNow));
      }
    }
    int claimed = translate(entry.claim(), entry.alerts(), percents);
    c.alerted = (char) (c.alerted | claimed);
    c.claim = (char) (c.claim & ~claimed);
  }

  /** The counter's thresholds are others than these now. */
  static void changed(Counter c, List<Integer> before) {
    List<Integer> percents = c.rule.terms().alerts();
    c.alerted = (char) translate(c.alerted, before, percents);
    c.claim = (char) translate(c.claim, before, percents);
  }

  /** Returns bits of one list of thresholds as those of another. */
  static int translate(int bits, List<Integer> from, List<Integer> to) {
    if (bits == 0 || from.equals(to)) {
      return bits;
    }
    int translated = 0;
    for (int bit = 0; bit < from.size(); bit++) {
      int at = (bits >>> bit & 1) == 0 ? -1 : to.indexOf(from.get(bit));
      translated |= at < 0 ? 0 : 1 << at;
    }
    return translated;
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
