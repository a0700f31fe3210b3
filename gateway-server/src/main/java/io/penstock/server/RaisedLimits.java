package io.penstock.server;

import io.penstock.server.config.BudgetConfig;
import io.penstock.server.config.BudgetConfig.OverrideConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.Limit;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds budgets with alerts whose limit a change raises: a threshold is told once per window and
 * subject, so who has passed one of the old limit is not told of the new one. Stateless.
 */
final class RaisedLimits {
  private RaisedLimits() {}

  /** Returns a warning for each budget of which a limit is higher than before. */
  static List<String> warnings(Config from, Config to) {
    List<String> warnings = new ArrayList<>();
    for (BudgetConfig budget : to.budgets()) {
      for (BudgetConfig before : from.budgets()) {
        if (before.name().equals(budget.name()) && !budget.alerts().isEmpty()) {
          add(warnings, budget, before);
        }
      }
    }
    return List.copyOf(warnings);
  }

  private static void add(List<String> warnings, BudgetConfig budget, BudgetConfig before) {
    if (isHigher(budget.limit(), before.limit())) {
      warnings.add(warning("the limit of " + budget.name(), before.limit(), budget.limit()));
      return;
    }
    int same = Math.min(budget.overrides().size(), before.overrides().size());
    for (int i = 0; i < same; i++) {
      OverrideConfig now = budget.overrides().get(i);
      OverrideConfig then = before.overrides().get(i);
      if (now.when().equals(then.when()) && isHigher(now.limit(), then.limit())) {
        String what = "the limit of the override '%s' of %s".formatted(now.when(), budget.name());
        warnings.add(warning(what, then.limit(), now.limit()));
        return;
      }
    }
  }

  /** Another unit is another counter, which begins anew. */
  private static boolean isHigher(Limit now, Limit before) {
    return now.getClass() == before.getClass() && now.amount() > before.amount();
  }

  private static String warning(String what, Limit before, Limit now) {
    return "budgets: %s was %s and is %s: thresholds that a subject has passed in this window are"
            .formatted(what, before, now)
        + " not told again (docs/budgets.md#alerts)";
  }
}
