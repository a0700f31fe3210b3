package io.penstock.server.call.attempt;

import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import org.jspecify.annotations.Nullable;

/**
 * How an attempt ended, for its ledger row.
 *
 * @param sent whether the provider may have the request
 * @param status the provider's HTTP status; 0 when there was no answer
 * @param failure what went wrong; null when the answer is complete
 * @param clientGone whether the client had left, or the gateway stopped it for another reason
 * @param summary what is known of the answer
 * @param relayed text that came, for counting when no usage did; "" when none. Of a whole answer
 *     that could not be read it is the body, as far as it came
 * @param unread whether a whole answer was to come and did not, or not to its end: what it would
 *     have said is unknown, and may be billed
 * @param firstTokenNanos from dispatch to the first content; -1 when there was none
 */
public record AttemptOutcome(
    boolean sent,
    int status,
    @Nullable Failure failure,
    boolean clientGone,
    AnswerSummary summary,
    CharSequence relayed,
    boolean unread,
    long firstTokenNanos) {

  /** Returns the same of one whose usage cannot be: how much it has written is not known. */
  public AttemptOutcome disbelieved() {
    return new AttemptOutcome(
        sent, status, failure, clientGone, summary.disbelieved(), relayed, true, firstTokenNanos);
  }

  /** Returns that of an attempt of which nothing was sent. */
  public static AttemptOutcome unsent(Failure why) {
    return new AttemptOutcome(false, 0, why, true, AnswerSummary.NONE, "", false, -1);
  }
}
