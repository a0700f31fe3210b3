package io.penstock.server.call.serve;

import io.penstock.core.GatewayException;
import io.penstock.core.route.AttemptPolicy;
import io.penstock.ledger.Cause;
import io.penstock.providers.Failure;
import io.penstock.server.call.attempt.AttemptRun;

/** The call that a leg is part of. Called on the call's loop. */
interface LegListener {
  /** Returns the number of the attempt that begins, from 1. */
  int onAttempt();

  /** The attempt is about to be sent. */
  void onStart(Leg leg);

  /** The budgets do not allow the next attempt; nothing is under way or held. */
  void onDenied(Leg leg, Cause cause, Holding.Denied why);

  /** The target cannot take the request, or nothing can be recorded. */
  void onImpossible(Leg leg, GatewayException why);

  /** It was to be retried after that failure, but its breaker has opened meanwhile. */
  void onUnavailable(Leg leg, Failure failure);

  /** The model has begun to answer: nobody else is waited for. */
  void onContent(Leg leg);

  /** The attempt failed before any content and was settled. */
  void onFailed(Leg leg, Failure failure, AttemptPolicy.Decision what);

  /**
   * A tier's answer will not do. Returns whether another tier can be asked; then the leg settles
   * and {@link #onRejected} follows, else the answer is served as it is.
   */
  boolean onUnaccepted(Leg leg);

  /** The leg is settled and its answer not served; what is handed over has to be used up. */
  void onRejected(Leg leg, Unaccepted answer);

  /** The answer was cut after content had gone out; the attempt is not settled. */
  void onCut(Leg leg, AttemptRun run, Failure failure);
}
