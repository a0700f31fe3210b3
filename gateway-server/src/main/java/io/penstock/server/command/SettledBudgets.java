package io.penstock.server.command;

import io.penstock.budget.BudgetPlan;
import io.penstock.budget.BudgetSpec;
import io.penstock.budget.Limit;
import io.penstock.ledger.Counter;
import io.penstock.ledger.LedgerQueries;
import io.penstock.server.call.accounting.Charges;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What the ledger has of the budgets of a plan, when no server runs that knows holds too. */
final class SettledBudgets {
  private static final Comparator<Counter> ORDER =
      Comparator.comparing(Counter::budget)
          .thenComparingInt(Counter::override)
          .thenComparing(Counter::subject)
          .thenComparingLong(Counter::windowStart)
          .thenComparing(Counter::id);

  private SettledBudgets() {}

  /** One counter, and what its rows sum to. */
  record Line(Counter counter, Limit limit, long spent) {}

  /**
   * Lists the counters whose window has not ended, by budget and subject.
   *
   * @param nowMillis epoch milliseconds
   */
  static List<Line> of(BudgetPlan plan, LedgerQueries ledger, long nowMillis) {
    Map<Counter, Long> sums = new TreeMap<>(ORDER);
    ledger.counterSums(nowMillis, LedgerQueries.Owned.ALL, sums::put);
    return sums.entrySet().stream()
        .mapMulti((Map.Entry<Counter, Long> e, Consumer<Line> lines) -> {
          Limit limit = limit(plan, e.getKey());
          if (limit != null) {
            lines.accept(new Line(e.getKey(), limit, e.getValue()));
          }
        })
        .toList();
  }

  /** Returns null for a counter of which no configured budget is the one that it was. */
  private static @Nullable Limit limit(BudgetPlan plan, Counter counter) {
    for (BudgetSpec budget : plan.budgets()) {
      if (budget.counts(Charges.key(counter))) {
        int override = counter.override();
        return override < 0 ? budget.limit() : budget.overrides().get(override).limit();
      }
    }
    return null;
  }
}
