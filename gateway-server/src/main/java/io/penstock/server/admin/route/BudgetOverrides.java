package io.penstock.server.admin.route;

import io.penstock.budget.Budgets;
import io.penstock.budget.CounterKey;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;

/** The counters that a subject may have of one budget: of its own limit, and of each override. */
final class BudgetOverrides {
  private BudgetOverrides() {}

  /** Returns the counters of a subject under overrides in the present window, by id. */
  static Map<UUID, CounterKey> of(Budgets budgets, String budget, String subject) {
    Map<UUID, CounterKey> counters = new LinkedHashMap<>();
    int index = 0;
    for (CounterKey key = budgets.counter(budget, index, subject);
        key != null;
        key = budgets.counter(budget, ++index, subject)) {
      counters.put(key.id(), key);
    }
    return counters;
  }

  /**
   * Refuses a change of the budget's own counter that would do nothing, for overrides count this
   * subject.
   *
   * @param counted whether the store has that counter
   * @throws IllegalArgumentException with their places
   */
  static void check(
      String subject, Map<UUID, CounterKey> overrides, Predicate<CounterKey> counted) {
    String places =
        overrides.values().stream()
            .filter(counted)
            .map(key -> "" + key.override())
            .reduce((a, b) -> a + " or " + b)
            .orElse("");
    if (!places.isEmpty()) {
      throw new IllegalArgumentException(
          "override: nothing (expected: "
              + places
              + ", the override that counts '"
              + subject
              + "' in this window; -1 for the budget's own limit all the same)");
    }
  }
}
