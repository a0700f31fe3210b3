package io.penstock.server.call.passthrough;

import io.penstock.core.Ending;
import io.penstock.core.price.Usage;
import io.penstock.ledger.Cause;
import io.penstock.ledger.Intent;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.UsageSource;
import io.penstock.ledger.Waste;
import io.penstock.server.call.Call;
import io.penstock.server.call.Tally;
import io.penstock.server.call.accounting.Accounting;
import io.penstock.server.call.reply.Refusals;
import java.util.List;

/**
 * What the ledger has of a call that is only passed through: nobody knows what it costs. Confined
 * to the call's loop.
 */
final class PassedRecord {
  private final Call call;
  private final Accounting books;
  private final LedgerRow.Attempt attempt;
  private final LedgerRow.Destination destination;

  private PassedRecord(Call call, Accounting books, String provider) {
    this.call = call;
    this.books = books;
    this.attempt = new LedgerRow.Attempt(call.id(), 1, Cause.REQUEST);
    this.destination =
        new LedgerRow.Destination(
            call.surface().endpoint().label(),
            "",
            call.destination().route(),
            "passthrough",
            provider,
            "");
  }

  /**
   * Records that the call goes upstream.
   *
   * @throws io.penstock.core.GatewayException 503 when the ledger can take no more
   */
  static PassedRecord open(Call call, Accounting books, String provider) {
    PassedRecord opened = new PassedRecord(call, books, provider);
    Intent intent =
        new Intent(
            opened.attempt,
            books.ticker().epochMillis(),
            call.caller(),
            opened.destination,
            0,
            "",
            List.of());
    if (!call.context().ledger().intent(intent)) {
      throw Refusals.journalFull(call.context().ledger());
    }
    call.tally().attempted();
    return opened;
  }

  /** Records how it ended. */
  void close(int status, Ending ending, String error) {
    Tally tally = call.tally();
    books.passed(
        call,
        new LedgerRow(
            attempt,
            new LedgerRow.Times(
                call.startMillis(),
                books.ticker().epochMillis(),
                tally.elapsedNanos(),
                tally.overheadNanos(),
                -1),
            call.caller(),
            destination,
            new LedgerRow.Outcome(status, ending, error, "", call.cacheOutcome(), Waste.NONE),
            Usage.NONE,
            UsageSource.NONE,
            LedgerRow.Money.ZERO,
            List.of()));
  }
}
