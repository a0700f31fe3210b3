package io.penstock.server;

import io.penstock.core.Niceness;
import io.penstock.ledger.LedgerRow;
import java.util.function.Consumer;

/**
 * Lets the JVM's optimizing compiler give way to the event loops once the gateway is warm: where
 * they share a processor, it would take half of it for each method that load of a new kind has
 * compiled anew, just when that load comes. Before, what it compiles is worth more than what it
 * takes. Told of each row, by the ledger's thread; rows of attempts count, refusals teach nothing
 * of calls.
 */
final class NiceCompilers implements Consumer<LedgerRow> {
  /** After as many calls nearly all is compiled, at whatever rate they came. */
  static final int WARM_AFTER = 100_000;

  /** As HotSpot calls them, as far as Linux keeps it: those that are there then. */
  static final String OPTIMIZING = "C2 CompilerThre";

  private final Runnable raise;
  private int rows;

  NiceCompilers() {
    this(() -> Niceness.raise(OPTIMIZING));
  }

  NiceCompilers(Runnable raise) {
    this.raise = raise;
  }

  @Override
  public void accept(LedgerRow row) {
    boolean isAttempt = row.attempt().number() > 0;
    if (isAttempt && rows < WARM_AFTER && ++rows == WARM_AFTER) {
      raise.run();
    }
  }
}
