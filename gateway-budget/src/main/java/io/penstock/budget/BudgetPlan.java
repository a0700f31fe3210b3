package io.penstock.budget;

import io.penstock.core.rule.Condition;
import io.penstock.core.rule.Facts;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Budgets and rates as one configuration has them: checked, compiled, immutable, thread-safe. A
 * reload makes a new plan; counters that mean the same go on.
 */
public final class BudgetPlan {
  /** A plan that allows everything. */
  public static final BudgetPlan EMPTY = new BudgetPlan(List.of(), List.of());

  private static final int MOST_ALERTS = 16;
  private static final long MOST_RATE = 1_000_000_000_000L;

  private final List<BudgetSpec> budgets;
  private final List<RateSpec> rates;
  private final Matcher budgetMatcher;
  private final Matcher rateMatcher;

  private BudgetPlan(List<BudgetSpec> budgets, List<RateSpec> rates) {
    this.budgets = List.copyOf(budgets);
    this.rates = List.copyOf(rates);
    this.budgetMatcher =
        new Matcher(
            budgets.stream()
                .map(b ->
                    new Matcher.Entry(
                        b.when(),
                        b.overrides().stream().map(BudgetSpec.OverrideLimit::when).toList(),
                        b.per().isEmpty(),
                        b.purpose()))
                .toList());
    this.rateMatcher =
        new Matcher(
            rates.stream()
                .map(r -> new Matcher.Entry(r.when(), List.of(), r.per().isEmpty(), ""))
                .toList());
  }

  /**
   * Compiles a plan.
   *
   * @throws IllegalArgumentException with every problem, one a line
   */
  public static BudgetPlan compile(List<BudgetSpec> budgets, List<RateSpec> rates) {
    List<String> problems = problems(budgets, rates);
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", problems));
    }
    return new BudgetPlan(budgets, rates);
  }

  /** Returns everything that is wrong, each with its name, value and expectation. */
  public static List<String> problems(List<BudgetSpec> budgets, List<RateSpec> rates) {
    List<String> found = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (BudgetSpec b : budgets) {
      String at = "budget " + b.name();
      name(at, b.name(), names, "budgets", found);
      per(at, b.per(), found);
      if (readsBudgets(b.when()) || b.overrides().stream().anyMatch(o -> readsBudgets(o.when()))) {
        found.add(at + ": when reads budget[...] (expected: nothing that depends on budgets)");
      }
      amount(at + ": limit", b.limit(), b.limit(), found);
      b.overrides().forEach(o -> amount(at + ": override limit", o.limit(), b.limit(), found));
      alerts(at, b.alerts(), found);
      if (b.over() instanceof Over.Use use) {
        if (use.model().isEmpty()) {
          found.add(at + ": over.use is empty (expected: a model)");
        }
      }
    }
    Set<String> rateNames = new HashSet<>();
    for (RateSpec r : rates) {
      String at = "rate " + r.name();
      name(at, r.name(), rateNames, "rates", found);
      per(at, r.per(), found);
      if (readsBudgets(r.when())) {
        found.add(at + ": when reads budget[...] (expected: nothing that depends on budgets)");
      }
      if (outside(r.requests()) || outside(r.tokens()) || outside(r.concurrent())) {
        found.add(
            "%s: requests %d, tokens %d, concurrent %d (expected: 1 to 10^12, or left out)"
                .formatted(at, r.requests(), r.tokens(), r.concurrent()));
      } else if (r.requests() + r.tokens() + r.concurrent() == 0) {
        found.add(at + " limits nothing (expected: requests, tokens or concurrent)");
      }
      if (r.requests() + r.tokens() > 0 && r.every().toMillis() < 1000) {
        found.add(at + ": every " + r.every() + " (expected: at least 1s)");
      }
    }
    return found;
  }

  private static boolean readsBudgets(Condition condition) {
    return condition.variables().contains("budget");
  }

  private static boolean outside(long amount) {
    return amount < 0 || amount > MOST_RATE;
  }

  private static void name(
      String at, String name, Set<String> names, String list, List<String> found) {
    if (name.isBlank() || name.length() > Subjects.LONGEST) {
      found.add(at + ": name (expected: 1 to " + Subjects.LONGEST + " characters)");
    }
    if (!names.add(name)) {
      found.add(at + ": the name is used twice (expected: unique among " + list + ")");
    }
  }

  private static void per(String at, List<String> per, List<String> found) {
    for (String dimension : per) {
      if (!Subjects.isKnown(dimension)) {
        found.add(
            at
                + ": per: "
                + dimension
                + " (expected: team app user end_user key model provider session metadata.NAME)");
      }
    }
    if (new HashSet<>(per).size() < per.size()) {
      found.add(at + ": per: " + per + " names a dimension twice");
    }
  }

  private static void amount(String at, Limit limit, Limit base, List<String> found) {
    if (limit.amount() < 0 || limit.amount() > Limit.MAX) {
      found.add("%s: %d (expected: 0 to %s)".formatted(at, limit.amount(), limit.show(Limit.MAX)));
    }
    if (limit.unit() != base.unit() || limit.unit() == Limit.Unit.PERMITS) {
      found.add(at + ": in " + limit.unit() + " (expected: money or tokens, as the budget's)");
    }
  }

  private static void alerts(String at, List<Integer> alerts, List<String> found) {
    if (alerts.size() > MOST_ALERTS || new HashSet<>(alerts).size() < alerts.size()) {
      found.add(at + ": alerts " + alerts + " (expected: at most 16, each once)");
    }
    for (int percent : alerts) {
      if (percent < 1 || percent > 1000) {
        found.add(at + ": alert " + percent + "% (expected: 1% to 1000%)");
      }
    }
  }

  /**
   * Returns warnings: budgets and rates that hold for none of the requests that are possible.
   *
   * @param possible gives, for the variables that a condition reads, facts of each kind of request
   *     that the configuration allows; none when nobody can tell. Only conditions that depend on
   *     identity, model, target and endpoint alone are judged
   */
  public List<String> warnings(
      Function<Set<String>, ? extends Iterable<? extends Facts>> possible) {
    List<String> found = new ArrayList<>();
    for (BudgetSpec b : budgets) {
      if (b.purpose().isEmpty() && neverHolds(b.when(), possible)) {
        found.add("budget " + b.name() + ": when '" + b.when().text() + "' holds for no request");
      }
      if (b.limit().amount() == 0) {
        found.add("budget " + b.name() + ": limit 0 refuses every call that costs something");
      }
    }
    for (RateSpec r : rates) {
      if (neverHolds(r.when(), possible)) {
        found.add("rate " + r.name() + ": when '" + r.when().text() + "' holds for no request");
      }
    }
    return found;
  }

  private static boolean neverHolds(
      Condition when, Function<Set<String>, ? extends Iterable<? extends Facts>> possible) {
    if (!when.isMemoisable()) {
      return false;
    }
    boolean any = false;
    for (Facts facts : possible.apply(when.variables())) {
      if (when.test(facts)) {
        return false;
      }
      any = true;
    }
    return any;
  }

  /** Returns the budgets, in the order of the configuration. */
  public List<BudgetSpec> budgets() {
    return budgets;
  }

  /** Returns the rates, in the order of the configuration. */
  public List<RateSpec> rates() {
    return rates;
  }

  int[] matchBudgets(Facts facts, String purpose) {
    return budgetMatcher.match(facts, purpose);
  }

  int[] matchRates(Facts facts, String purpose) {
    return rateMatcher.match(facts, purpose);
  }
}
