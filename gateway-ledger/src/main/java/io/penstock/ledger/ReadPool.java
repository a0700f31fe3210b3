package io.penstock.ledger;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** A few connections for readers, so that a slow report does not hold up a look-up by id. */
final class ReadPool implements AutoCloseable {
  private static final int SIZE = 4;

  private final SqlDialect dialect;
  private final LedgerOptions options;
  private final Semaphore permits = new Semaphore(SIZE);
  private final ConcurrentLinkedQueue<Connection> idle = new ConcurrentLinkedQueue<>();

  ReadPool(LedgerOptions options) {
    this.dialect = SqlDialect.of(options.url());
    this.options = options;
  }

  SqlDialect dialect() {
    return dialect;
  }

  /** Runs a query; a connection that failed is not used again. */
  <T extends @Nullable Object> T read(Query<T> query) {
    permits.acquireUninterruptibly();
    try {
      Connection connection = idle.poll();
      if (connection == null) {
        connection = dialect.connect(options.url());
      }
      try {
        T result = query.run(connection);
        idle.add(connection);
        return result;
      } catch (SQLException | RuntimeException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw new LedgerException("ledger " + options.safeUrl() + ": " + e.getMessage(), e);
    } finally {
      permits.release();
    }
  }

  @Override
  public void close() {
    for (Connection connection = idle.poll(); connection != null; connection = idle.poll()) {
      try {
        connection.close();
      } catch (SQLException e) {
        throw new LedgerException("ledger " + options.safeUrl() + ": " + e.getMessage(), e);
      }
    }
  }

  /** What to ask. */
  interface Query<T extends @Nullable Object> {
    T run(Connection connection) throws SQLException;
  }
}
