package io.penstock.ledger;

import java.util.List;
import java.util.UUID;

/**
 * The ledger as an event loop sees it. Confined to that loop; takes about a microsecond; never
 * blocks, but for one case that is counted: a row whose journal segment had to be made in place
 * ({@link LedgerStats#stalls()}).
 */
public interface LedgerWriter {
  /**
   * Records what may be spent. Call it before the first byte goes upstream.
   *
   * @return false when the journal is full because the database is away, or has no room left for
   *     more rows because its disk is full: nothing was recorded, so nothing may go upstream, and
   *     the client gets 503 {@code overloaded}
   */
  boolean intent(Intent intent);

  /** Returns whether it is the disk that left the journal no room, not the database. */
  boolean isDiskFull();

  /**
   * Records that the hold of an attempt grew. Values are absolute, not differences.
   *
   * @param row the attempt's row id
   * @param bound the new worst case, nano-USD
   * @param holds the new list of holds
   */
  void extend(UUID row, long bound, List<Charge> holds);

  /**
   * Records how an attempt ended. Call it before the last byte goes to the client. A row that
   * follows an intent is never refused: room is kept for it.
   *
   * @return false when a row of cost 0 without an intent (a refusal, a cache hit) found half of the
   *     journal waiting for the database; it is counted in {@link LedgerStats#unrecorded()}
   */
  boolean row(LedgerRow row);
}
