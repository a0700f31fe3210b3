package io.penstock.ledger;

import java.util.concurrent.CompletionStage;

/** A row is being written and nobody knows yet whether it is booked. It is tried until it is. */
public final class StillBookingException extends LedgerException {
  private static final long serialVersionUID = 1;

  private final transient CompletionStage<Boolean> done;

  StillBookingException(String message, CompletionStage<Boolean> done) {
    super(message);
    this.done = done;
  }

  /**
   * Completes once the row is in the database, on the ledger's thread; exceptionally when it never
   * will be. False: as of {@link Ledger#bookUnlessCorrected}.
   */
  public CompletionStage<Boolean> done() {
    return done;
  }
}
