package io.penstock.server.config.load;

import io.penstock.core.Suggest;
import io.penstock.core.route.RouteOptions;
import io.penstock.core.rule.Condition;
import io.penstock.core.rule.ConditionException;
import io.penstock.core.rule.Conditions;
import io.penstock.server.config.BudgetConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.schema.Subjects;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Compiles every condition, so that what is wrong with one is told with its place. */
final class ConditionCheck {
  private final Conditions conditions = new Conditions();
  private final Problems problems;

  /** Names of budgets that have no counter before a target is chosen. */
  private final Set<String> ofTargets = new TreeSet<>();

  /** Names of all budgets; null where nobody knows them. */
  private @Nullable Set<String> budgets;

  private ConditionCheck(Problems problems) {
    this.problems = problems;
  }

  /**
   * Checks them.
   *
   * @param config null where it could not be read
   * @param budgets the names of those in the file, sound or not
   */
  static void check(
      @Nullable Config config, Set<String> budgets, List<Use> uses, Problems problems) {
    ConditionCheck check = new ConditionCheck(problems);
    if (config != null) {
      Set<String> names = new TreeSet<>(budgets);
      config.budgets().forEach(budget -> names.add(budget.name()));
      config.models().keySet().forEach(model -> names.add(RouteOptions.Shadow.budgetOf(model)));
      check.budgets = names;
      config.budgets().stream()
          .filter(check::dependsOnTarget)
          .forEach(budget -> check.ofTargets.add(budget.name()));
    }
    for (Use use : uses) {
      switch (use.meaning()) {
        case CONDITION -> check.check(use, Conditions.Kind.REQUEST);
        case ANSWER_CONDITION -> check.check(use, Conditions.Kind.RESPONSE);
        default -> {}
      }
    }
  }

  private boolean dependsOnTarget(BudgetConfig budget) {
    return Subjects.dependOnTarget(budget.per())
        || readsTarget(budget.when())
        || budget.overrides().stream().anyMatch(other -> readsTarget(other.when()));
  }

  private boolean readsTarget(@Nullable String text) {
    try {
      return text != null
          && !text.isBlank()
          && conditions.compile(text, Conditions.Kind.REQUEST).dependsOnTarget();
    } catch (ConditionException e) {
      // Told where it stands.
      return false;
    }
  }

  private void check(Use use, Conditions.Kind kind) {
    Condition condition;
    try {
      condition = conditions.compile(use.text(), kind);
    } catch (ConditionException e) {
      problems.error(use.mark(), use.where(), use.text(), String.valueOf(e.getMessage()));
      return;
    }
    Set<String> known = budgets;
    for (String budget : new TreeSet<>(condition.budgets())) {
      if (known != null && !known.contains(budget)) {
        problems.error(
            use.mark(),
            use.where(),
            use.text(),
            "budgets under budgets, which " + budget + " is not",
            Suggest.nearest(budget, known));
      }
    }
    if (kind == Conditions.Kind.RESPONSE) {
      // There is a target by then.
      return;
    }
    for (String budget : new TreeSet<>(condition.budgets())) {
      if (ofTargets.contains(budget)) {
        problems.warning(
            use.mark(),
            use.where(),
            use.text(),
            "a budget whose when and per do not read the target: there is none yet, and "
                + budget
                + " counts for each");
      }
    }
  }
}
