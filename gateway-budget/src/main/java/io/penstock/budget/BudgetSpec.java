package io.penstock.budget;

import io.penstock.core.rule.Condition;
import java.util.List;

/**
 * One entry of {@code budgets}, parsed.
 *
 * @param name unique among budgets
 * @param when which requests it counts
 * @param per the dimensions of its subject: team app user end_user key model provider session
 *     metadata.NAME; empty: one counter for all
 * @param limit what it allows
 * @param window when it starts again
 * @param overrides other limits; the first that holds is a counter of its own
 * @param alerts thresholds in percent of the limit, at most 16
 * @param over what happens to a call that does not fit
 * @param purpose "" for calls of clients; else it counts only calls which the gateway makes itself
 *     for that purpose, such as {@code shadow assistant}
 */
public record BudgetSpec(
    String name,
    Condition when,
    List<String> per,
    Limit limit,
    Window window,
    List<OverrideLimit> overrides,
    List<Integer> alerts,
    Over over,
    String purpose) {

  /**
   * A limit for some requests.
   *
   * @param when which
   * @param limit in the unit of the budget
   */
  public record OverrideLimit(Condition when, Limit limit) {}

  public BudgetSpec {
    per = List.copyOf(per);
    overrides = List.copyOf(overrides);
    alerts = List.copyOf(alerts);
  }

  /** Creates a budget that denies, without overrides and alerts. */
  public static BudgetSpec of(
      String name, Condition when, List<String> per, Limit limit, Window window) {
    return new BudgetSpec(name, when, per, limit, window, List.of(), List.of(), Over.DENY, "");
  }

  /** Returns this budget with another answer to calls that do not fit. */
  public BudgetSpec withOver(Over other) {
    return new BudgetSpec(name, when, per, limit, window, overrides, alerts, other, purpose);
  }

  /** Returns this budget with thresholds. */
  public BudgetSpec withAlerts(List<Integer> percents) {
    return new BudgetSpec(name, when, per, limit, window, overrides, percents, over, purpose);
  }

  /** Returns this budget with overrides. */
  public BudgetSpec withOverrides(List<OverrideLimit> others) {
    return new BudgetSpec(name, when, per, limit, window, others, alerts, over, purpose);
  }

  /** Returns this budget for calls that the gateway makes itself. */
  public BudgetSpec withPurpose(String other) {
    return new BudgetSpec(name, when, per, limit, window, overrides, alerts, over, other);
  }

  /**
   * Returns whether this is a counter of this budget or of an override of it, with the present
   * unit, dimensions and window.
   */
  public boolean counts(CounterKey key) {
    if (!key.budget().equals(name) || key.override() >= overrides.size()) {
      return false;
    }
    Limit terms = key.override() < 0 ? limit : overrides.get(key.override()).limit();
    Window.Span span = window.at(key.windowStart());
    return CounterKey.of(name, key.override(), terms.unit(), per, key.subject(), span).equals(key);
  }

  /** Returns whether its match or its subject depends on the target that is tried. */
  public boolean dependsOnTarget() {
    return when.dependsOnTarget()
        || Subjects.dependOnTarget(per)
        || overrides.stream().anyMatch(o -> o.when().dependsOnTarget());
  }
}
