package io.penstock.ledger;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Price catalogues that wait for the ledger thread, few and seldom. Any thread puts; what could not
 * be written stays first.
 */
final class CatalogueQueue {
  private final ConcurrentLinkedQueue<Catalogue> waiting = new ConcurrentLinkedQueue<>();

  void put(Catalogue catalogue) {
    waiting.add(catalogue);
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /**
   * Writes all that waits; the ledger thread's.
   *
   * @param retain how long rows are kept that may name one; null for ever
   * @return how many were written
   */
  int write(Store store, @Nullable Duration retain) throws SQLException {
    int written = 0;
    for (Catalogue next = waiting.peek(); next != null; next = waiting.peek()) {
      store.keep(next, retain);
      waiting.remove();
      written++;
    }
    return written;
  }
}
