package io.penstock.server.call.serve;

import io.penstock.core.route.AttemptPolicy;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.Plan;
import io.penstock.core.route.Reason;
import io.penstock.core.route.RouteOptions;
import io.penstock.core.route.ShareBudget;
import io.penstock.providers.Failure;
import io.penstock.server.call.Call;
import io.penstock.server.targets.TargetRuntime;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Where a leg of a call goes and why.
 *
 * @param reason in words, for header and ledger
 * @param diverted whether it goes elsewhere than the route alone would have it
 * @param redirectedBy the budget that sent the call here, "" when none did
 */
public record Aim(
    Plan plan,
    Candidate candidate,
    TargetRuntime target,
    String reason,
    boolean diverted,
    String redirectedBy) {

  /** Returns why a target is asked, in words for header and ledger. */
  public static String reason(Call call, Candidate candidate, String redirectedBy) {
    if (!redirectedBy.isEmpty()) {
      return Reason.budget(redirectedBy);
    }
    String reason = candidate.reason();
    return call.destination().isNamed() ? Reason.byHeader(reason) : reason;
  }

  /**
   * Returns why the next target may go on with a stream that was cut; null when none may.
   *
   * @param leftMillis until the call's deadline
   * @param budget of the provider's retries; not drawn on
   */
  @Nullable String goesOn(Failure failure, long leftMillis, ShareBudget budget) {
    AttemptPolicy.Standing standing =
        new AttemptPolicy.Standing(0, true, plan.hasNext(), false, true, leftMillis);
    return decide(failure, standing, budget) instanceof AttemptPolicy.Next next ? next.why() : null;
  }

  private AttemptPolicy.Decision decide(
      Failure failure, AttemptPolicy.Standing standing, ShareBudget budget) {
    return target
        .provider()
        .retries()
        .tries(candidate.spec().retries())
        .decide(
            new AttemptPolicy.Failed(failure.kind(), failure.status(), failure.retryAfterMillis()),
            standing,
            candidate.options(),
            plan.options().resume(),
            budget,
            ThreadLocalRandom.current());
  }

  /**
   * Decides what to do after a failed attempt of which the client has seen nothing.
   *
   * @param retries tries of this target after the first, so far
   * @param otherKey whether the provider has another key that is fit to be tried
   * @param begun whether headers have gone out: they name this target, so that another may answer
   *     only where the route holds or continues answers
   * @param leftMillis until the call's deadline
   * @param budget of the provider's retries
   */
  AttemptPolicy.Decision after(
      Failure failure,
      int retries,
      boolean otherKey,
      boolean begun,
      long leftMillis,
      ShareBudget budget) {
    boolean sent = begun && plan.options().resume() != RouteOptions.Resume.BUFFER;
    AttemptPolicy.Standing standing =
        new AttemptPolicy.Standing(retries, sent, plan.hasNext(), otherKey, false, leftMillis);
    return decide(failure, standing, budget);
  }
}
