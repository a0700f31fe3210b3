package io.penstock.ledger;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Price catalogues that wait for the ledger thread, few and seldom. Any thread puts. Rows are worth
 * more than they: a catalogue that cannot be written throws nothing and is tried again later; one
 * that is refused for what it says is given up.
 */
final class CatalogueQueue {
  private static final Logger LOG = LoggerFactory.getLogger(CatalogueQueue.class);

  /** What ails the table lasts, and each try gives up the connection that rows need. */
  static final long RETRY_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final Store store;
  private final @Nullable Duration retain;
  private final ConcurrentLinkedQueue<Catalogue> waiting = new ConcurrentLinkedQueue<>();
  private final RareLog failures = new RareLog(LOG);
  private boolean failed;
  private long retryAt;

  /**
   * @param retain how long rows are kept that may name one; null for ever
   */
  CatalogueQueue(Store store, @Nullable Duration retain) {
    this.store = store;
    this.retain = retain;
  }

  void put(Catalogue catalogue) {
    waiting.add(catalogue);
  }

  /**
   * Writes all that waits, unless that failed within the last minute; the ledger thread's.
   *
   * @param nanos the monotonic clock
   * @return how many were written or given up
   */
  int write(long nanos) {
    if (failed && nanos - retryAt < 0) {
      return 0;
    }
    int done = 0;
    failed = false;
    for (Catalogue next = waiting.peek(); next != null && !failed; next = waiting.peek()) {
      if (keep(next)) {
        waiting.remove();
        done++;
      } else {
        failed = true;
        retryAt = nanos + RETRY_NANOS;
      }
    }
    return done;
  }

  /** Tries once more and says what is left, the ledger thread's last act. */
  void close() {
    failed = false;
    write(0);
    List<String> left = waiting.stream().map(Catalogue::version).toList();
    if (!left.isEmpty()) {
      LOG.warn(
          "ledger: price catalogues are not in the database: {}. Exports lack the unit prices of"
              + " rows that name them",
          left);
    }
  }

  /** Returns false when it is to be tried again. */
  private boolean keep(Catalogue catalogue) {
    try {
      store.keep(catalogue, retain);
      return true;
    } catch (SQLException | RuntimeException e) {
      if (Admission.isOfData(e)) {
        LOG.warn(
            "ledger: the database refuses the price catalogue {}, which is given up: {}. Exports"
                + " lack the unit prices of rows that name it",
            catalogue.version(),
            e.getMessage());
        return true;
      }
      failures.error(
          "ledger: the price catalogue "
              + catalogue.version()
              + " cannot be written and is tried again in a minute: "
              + e.getMessage());
      return false;
    }
  }
}
