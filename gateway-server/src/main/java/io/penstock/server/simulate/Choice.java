package io.penstock.server.simulate;

import io.penstock.budget.Reservation;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.Plan;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a policy decides for a request before anyone knows how it goes.
 *
 * @param outcome set when nothing goes upstream
 * @param words equal words are the same decision
 * @param plan what it goes on with, null with an outcome
 * @param first the target that is tried first
 * @param hold what the budgets hold for it; settled by whoever got this
 * @param cap the gateway's own output cap, or -1
 * @param cacheKey under which the answer is kept, "" for none
 */
record Choice(
    @Nullable Outcome outcome,
    List<String> words,
    @Nullable Plan plan,
    @Nullable Candidate first,
    @Nullable Reservation hold,
    long cap,
    String cacheKey) {

  static Choice blocked(String rule) {
    return new Choice(Outcome.blocked(rule), List.of("blocked", rule), null, null, null, -1, "");
  }

  static Choice cached(String layer) {
    return new Choice(Outcome.cached(layer), List.of("cached"), null, null, null, -1, "");
  }

  /** Nothing to decide: a path that is passed through. */
  static Choice none() {
    return new Choice(null, List.of(), null, null, null, -1, "");
  }
}
