package io.penstock.ledger;

import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for other processes that write to an SQLite database, for longer than its {@code
 * busy_timeout}: at a start there is nobody yet who would try again. Stateless; blocks.
 */
final class Busy {
  private static final Logger LOG = LoggerFactory.getLogger(Busy.class);

  /** SQLite's result code, of which there are kinds. */
  private static final int SQLITE_BUSY = 5;

  /** A minute, when each lasts for busy_timeout. */
  private static final int TRIES = 12;

  private Busy() {}

  /** What writes; begun anew after each try that failed. */
  @FunctionalInterface
  interface Work<T, E extends Exception> {
    T run() throws SQLException, E;
  }

  /** Does the work, again while another process has the database. */
  static <T, E extends Exception> T waiting(Work<T, E> work) throws SQLException, E {
    for (int left = TRIES; ; left--) {
      try {
        return work.run();
      } catch (SQLException e) {
        if (!isBusy(e) || left == 0) {
          throw e;
        }
        LOG.info("ledger: another process writes to the database; trying again: {}", left);
      }
    }
  }

  private static boolean isBusy(SQLException e) {
    return e.getSQLState() == null && (e.getErrorCode() & 0xFF) == SQLITE_BUSY;
  }
}
