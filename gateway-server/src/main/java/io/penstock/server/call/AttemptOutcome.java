package io.penstock.server.call;

import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import org.jspecify.annotations.Nullable;

/**
 * How an attempt ended, for its ledger row.
 *
 * @param sent whether any of the request may have reached the provider
 * @param status the provider's HTTP status; 0 when there was no answer
 * @param failure what went wrong; null when the answer is complete
 * @param clientGone whether the client had left, or the gateway stopped it for another reason
 * @param summary what is known of the answer
 * @param relayed text that was relayed, for counting when no usage came; "" when none
 * @param firstTokenNanos from dispatch to the first content; -1 when there was none
 */
record AttemptOutcome(
    boolean sent,
    int status,
    @Nullable Failure failure,
    boolean clientGone,
    AnswerSummary summary,
    CharSequence relayed,
    long firstTokenNanos) {

  /** Returns that of an attempt of which nothing was sent. */
  static AttemptOutcome unsent(Failure why) {
    return new AttemptOutcome(false, 0, why, true, AnswerSummary.NONE, "", -1);
  }

  /**
   * Returns whether the provider may bill an attempt that it did not report on: a complete answer,
   * or one that had begun when it was cut. Refused requests and errors before the first token are
   * free.
   */
  boolean mayBeBilled() {
    boolean accepted = status >= 200 && status < 300;
    return sent
        && (accepted && (failure == null || relayed.length() > 0 || clientGone)
            || clientGone && status == 0);
  }
}
