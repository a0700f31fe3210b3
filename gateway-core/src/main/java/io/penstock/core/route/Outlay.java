package io.penstock.core.route;

import io.penstock.core.rule.Facts;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What one request is expected to cost on what routes name: a provider's model, or another name.
 * Nano-USD. Confined to the exchange's loop.
 */
record Outlay(Planner planner, Facts facts, Surroundings around, SplittableRandom random) {
  private static final long UNKNOWN = -1;

  /**
   * Returns the cost, or -1 when nobody knows. Of another name it is that of the target that would
   * be tried first there.
   *
   * @param name as a route has it
   * @param warmTokens input tokens in the prompt cache there
   */
  long of(String name, long warmTokens) {
    if (planner.table().providerOf(name) != null) {
      return around.expectedCost(name, warmTokens, planner.health().expectedOutput(name));
    }
    RouteTable.Found nested = planner.table().find(name);
    return nested == null
        ? UNKNOWN
        : first(planner.order(nested, facts, around, random.split()), warmTokens);
  }

  /** Of those whose price is known: the first that is up, else the first. */
  private long first(List<Choice> order, long warmTokens) {
    long down = UNKNOWN;
    for (Choice choice : order) {
      long cost = of(choice.target(), warmTokens);
      boolean isUp =
          choice.provider() == null || planner.health().unavailable(choice.target()) == null;
      if (cost >= 0 && isUp) {
        return cost;
      }
      down = down < 0 ? cost : down;
    }
    return down;
  }
}
