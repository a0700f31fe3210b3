package io.penstock.ledger;

import io.penstock.core.Ticker;
import java.util.List;

/** How long records wait for the database. Told by the ledger's thread, asked by any. */
final class Waiting {
  private final Ticker ticker;
  private long lookedAt;

  /** What was written before then is in the database. */
  private volatile long takenUntil;

  Waiting(Ticker ticker) {
    this.ticker = ticker;
    this.lookedAt = ticker.nanoTime();
    this.takenUntil = lookedAt;
  }

  /** The journal is read now, from where it was read last. */
  void looks() {
    lookedAt = ticker.nanoTime();
  }

  /**
   * What was read is in the database.
   *
   * @param rows of it, in the order in which they were written
   * @param more whether the journal held more: that is about as old as the last of these
   */
  void committed(List<LedgerRow> rows, boolean more) {
    long until = lookedAt;
    if (more && !rows.isEmpty()) {
      long age = ticker.epochMillis() - rows.getLast().times().endedAt();
      // By another clock, and late rows tell another time: never later than the look.
      until = Math.min(until, ticker.nanoTime() - Math.max(0, age) * 1_000_000);
    }
    takenUntil = Math.max(takenUntil, until);
  }

  /** Returns the age of the oldest record that waits, if one does. Any thread. */
  long nanos() {
    return Math.max(0, ticker.nanoTime() - takenUntil);
  }
}
