package io.penstock.ledger;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** A few connections for readers, so that a slow report does not hold up a look-up by id. */
final class ReadPool implements AutoCloseable {
  private static final int SIZE = 4;

  private final SqlDialect dialect;
  private final LedgerOptions options;
  private final Semaphore permits = new Semaphore(SIZE);
  private final ConcurrentLinkedQueue<Connection> idle = new ConcurrentLinkedQueue<>();

  /**
   * SQLite reads inside native code, where a virtual thread keeps its carrier: a few reports would
   * hold up everything that runs on virtual threads. Null where reading waits for a socket.
   */
  private final @Nullable ExecutorService threads;

  ReadPool(LedgerOptions options) {
    this.dialect = SqlDialect.of(options.url());
    this.options = options;
    this.threads =
        dialect == SqlDialect.SQLITE
            ? Executors.newFixedThreadPool(
                SIZE, Thread.ofPlatform().name("penstock-reads").daemon().factory())
            : null;
  }

  SqlDialect dialect() {
    return dialect;
  }

  /**
   * Runs a query, of which the caller waits for the end; a connection that failed is not used
   * again.
   */
  <T extends @Nullable Object> T read(Query<T> query) {
    ExecutorService own = threads;
    if (own == null || !Thread.currentThread().isVirtual()) {
      return here(query);
    }
    try {
      return own.submit(() -> here(query)).get();
    } catch (RejectedExecutionException e) {
      throw new LedgerException("the ledger is closed", e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw new LedgerException("ledger: " + e, e);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LedgerException("interrupted while reading the ledger", e);
    }
  }

  private <T extends @Nullable Object> T here(Query<T> query) {
    permits.acquireUninterruptibly();
    try {
      Connection connection = connection();
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

  /**
   * An idle one is asked whether it lives, which takes a round trip: most queries tell what they
   * read as they read it, so that one which fails cannot be made again. Where one is dead the
   * others are as old.
   */
  private Connection connection() throws SQLException {
    Connection pooled = idle.poll();
    if (pooled != null && dialect.isAlive(pooled)) {
      return pooled;
    }
    for (Connection dead = pooled; dead != null; dead = idle.poll()) {
      dead.close();
    }
    return dialect.connect(options.url());
  }

  @Override
  public void close() {
    if (threads != null) {
      threads.shutdown();
    }
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
