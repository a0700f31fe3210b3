package io.penstock.server;

import io.penstock.server.config.BudgetConfig;
import io.penstock.server.config.BudgetConfig.OverrideConfig;
import io.penstock.server.config.Config;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds overrides of budgets that a change moves: counters are known by an override's place, so
 * those whom it limits begin anew. Stateless.
 */
final class MovedOverrides {
  private MovedOverrides() {}

  /** Returns a warning for each budget of which an override has another place than before. */
  static List<String> warnings(Config from, Config to) {
    List<String> warnings = new ArrayList<>();
    for (BudgetConfig budget : to.budgets()) {
      for (BudgetConfig before : from.budgets()) {
        if (before.name().equals(budget.name())) {
          add(warnings, budget.name(), conditions(before), conditions(budget));
        }
      }
    }
    return List.copyOf(warnings);
  }

  private static List<String> conditions(BudgetConfig budget) {
    return budget.overrides().stream().map(OverrideConfig::when).toList();
  }

  private static void add(
      List<String> warnings, String name, List<String> before, List<String> now) {
    for (int i = 0; i < before.size(); i++) {
      String when = before.get(i);
      int at = i < now.size() && now.get(i).equals(when) ? i : now.indexOf(when);
      if (at >= 0 && at != i) {
        warnings.add(
            "budgets: the override '%s' of %s was number %d and is number %d (expected: new ones at"
                    .formatted(when, name, i + 1, at + 1)
                + " the end); subjects of that budget's overrides begin anew in this window");
        return;
      }
    }
  }
}
