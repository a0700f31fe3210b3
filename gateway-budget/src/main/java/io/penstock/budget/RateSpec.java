package io.penstock.budget;

import io.penstock.core.rule.Condition;
import java.time.Duration;
import java.util.List;

/**
 * One entry of {@code rates}, or the limits of a provider, whose {@code per} is then provider or
 * model.
 *
 * @param name unique among rates
 * @param when which requests it counts
 * @param per the dimensions of its subject, as in {@link BudgetSpec}
 * @param requests per window; 0: no limit
 * @param tokens per window, taken at the estimate and corrected after; 0: no limit
 * @param every the length of the sliding window
 * @param concurrent calls in flight; 0: no limit
 */
public record RateSpec(
    String name,
    Condition when,
    List<String> per,
    long requests,
    long tokens,
    Duration every,
    long concurrent) {
  public RateSpec {
    per = List.copyOf(per);
  }

  /** Returns whether its match or its subject depends on the target that is tried. */
  public boolean dependsOnTarget() {
    return when.dependsOnTarget() || Subjects.dependOnTarget(per);
  }
}
