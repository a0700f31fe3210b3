package io.penstock.server.call.accounting;

import io.penstock.core.Ending;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.Waste;
import io.penstock.providers.Failure;
import io.penstock.server.call.attempt.AttemptOutcome;
import io.penstock.server.call.reply.ClientErrors;

/**
 * How an attempt ended, and what its row says of that. It keeps the times of the end, for a row may
 * follow when the client has long gone.
 *
 * @param endNanos on {@link System#nanoTime}
 * @param overheadNanos of the call until then
 */
record AttemptEnd(
    AttemptOutcome outcome, Ending ending, Waste waste, long endNanos, long overheadNanos) {

  /** Returns whether its answer is one that a client can use, and had one to use it. */
  boolean isAnswered() {
    return outcome.status() == 200 && outcome.failure() == null && !outcome.clientGone();
  }

  /**
   * Returns its times.
   *
   * @param reservedAt epoch milliseconds
   * @param writtenAt when its row is written, epoch milliseconds
   * @param sinceNanos from when its latency counts, on {@link System#nanoTime}
   */
  LedgerRow.Times times(long reservedAt, long writtenAt, long sinceNanos) {
    return new LedgerRow.Times(
        reservedAt, writtenAt, endNanos - sinceNanos, overheadNanos, outcome.firstTokenNanos());
  }

  /**
   * Returns its outcome.
   *
   * @param cost nano-USD: what cost nothing was no waste
   */
  LedgerRow.Outcome outcome(CacheOutcome cache, long cost) {
    return new LedgerRow.Outcome(
        outcome.status(), ending, error(), "", cache, cost == 0 ? Waste.NONE : waste);
  }

  /** The code of the provider, else the gateway's; "" for none. */
  private String error() {
    Failure failure = outcome.failure();
    if (failure == null) {
      return "";
    }
    return failure.code() != null ? failure.code() : ClientErrors.code(failure).code();
  }
}
