package io.penstock.server.call;

import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import org.jspecify.annotations.Nullable;

/**
 * How an attempt ended, for its ledger row.
 *
 * @param status the provider's HTTP status; 0 when there was no answer
 * @param failure what went wrong; null when the answer is complete
 * @param clientGone whether the client had left, or the gateway stopped it for another reason
 * @param summary what is known of the answer
 * @param relayed text that was relayed, for counting when no usage came; "" when none
 * @param firstTokenNanos from dispatch to the first content; -1 when there was none
 */
record AttemptOutcome(
    int status,
    @Nullable Failure failure,
    boolean clientGone,
    AnswerSummary summary,
    CharSequence relayed,
    long firstTokenNanos) {

  boolean isComplete() {
    return failure == null && !clientGone;
  }
}
