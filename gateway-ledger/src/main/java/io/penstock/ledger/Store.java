package io.penstock.ledger;

import io.penstock.core.Ticker;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The database as the ledger thread writes it: rows, counter totals and roll-ups in one
 * transaction. Confined to that thread (and to the one that opens the ledger, before). After an
 * error the connection is opened anew.
 */
final class Store implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Store.class);
  private static final int EXPIRE_AT_ONCE = 1000;

  /** In place of a row: whatever is booked later for the death of this owner is not booked. */
  private static final UUID FOUND = new UUID(0, 0);

  private final SqlDialect dialect;
  private final LedgerOptions options;
  private final RowTable rows;
  private final CounterTable counters;
  private final RollupTable rollups;
  private final ContentTable contents;
  private @Nullable Connection connection;
  private long commits;

  private Store(LedgerOptions options) {
    this.options = options;
    this.dialect = SqlDialect.of(options.url());
    this.rows = new RowTable(dialect);
    this.counters = new CounterTable(dialect);
    this.contents = new ContentTable(dialect);
    this.rollups = new RollupTable(options.rollup());
  }

  /**
   * Connects, migrates.
   *
   * @throws LedgerException when the database cannot be opened
   */
  static Store open(LedgerOptions options, Ticker ticker) {
    Store store = new Store(options);
    try {
      Connection connection = store.connection();
      Schema.migrate(connection, store.dialect);
      boolean empty;
      try (Statement sql = connection.createStatement();
          // Rows may be gone by their age, and what was rolled up of them lacks the new dimension.
          ResultSet results = sql.executeQuery("SELECT 1 FROM rollup LIMIT 1")) {
        empty = !results.next();
      }
      long since = empty ? 0 : Grain.HOUR.ceil(ticker.epochMillis());
      Busy.<Integer, RuntimeException>waiting(() -> store.rollups.announce(connection, since));
      return store;
    } catch (SQLException e) {
      store.close();
      throw new LedgerException("ledger.url: " + options.safeUrl() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Gets ready for the rows of this process, for one that does not only read.
   *
   * @throws LedgerException when the database does not take it
   */
  void startWriting() {
    try {
      Connection writing = connection();
      Busy.<Integer, RuntimeException>waiting(() -> rollups.endOthers(writing));
    } catch (SQLException e) {
      throw new LedgerException("ledger.url: " + options.safeUrl() + ": " + e.getMessage(), e);
    }
  }

  private Connection connection() throws SQLException {
    Connection open = connection;
    if (open == null) {
      open = dialect.connect(options.url());
      connection = open;
    }
    return open;
  }

  /** Returns how many commits were begun: only what is behind none of them failed for certain. */
  long commits() {
    return commits;
  }

  /** Appends rows that are not there yet and returns how many those were. */
  int append(List<LedgerRow> batch) throws SQLException {
    return append(batch, List.of());
  }

  /**
   * Appends rows and takes back what was booked for owners that had been given up while their
   * journal was out of reach.
   */
  int append(List<LedgerRow> batch, Iterable<Long> foundOwners) throws SQLException {
    return appended(batch, foundOwners, Premises.NONE).size();
  }

  /**
   * Does the same, without the rows whose premise does not hold, and returns the rows that are new,
   * those that take back among them.
   */
  List<LedgerRow> appended(List<LedgerRow> batch, Iterable<Long> foundOwners, Premises premises)
      throws SQLException {
    List<LedgerRow> fresh = new ArrayList<>();
    try {
      inTransaction(open -> {
        fresh.addAll(append(open, batch, foundOwners, premises));
        return fresh.size();
      });
      return fresh;
    } catch (SQLException | RuntimeException e) {
      counters.rolledBack();
      rollups.rolledBack();
      throw e;
    }
  }

  private List<LedgerRow> append(
      Connection open, List<LedgerRow> batch, Iterable<Long> foundOwners, Premises premises)
      throws SQLException {
    dialect.lockRollups(open);
    List<LedgerRow> all = new ArrayList<>(batch.size());
    for (LedgerRow row : premises.held(open, counters, batch)) {
      if (!isReaped(row) || !isSettled(open, row)) {
        all.add(row);
      }
    }
    for (long owner : foundOwners) {
      all.addAll(reversals(open, owner));
      remember(open, owner, FOUND);
    }
    List<LedgerRow> fresh = rows.insert(open, all);
    counters.add(open, fresh);
    rollups.add(open, fresh);
    rememberReaped(open, fresh);
    return fresh;
  }

  /** What is done or not done as a whole. */
  private interface Work {
    /** Returns how many rows it is about. */
    int on(Connection open) throws SQLException;
  }

  /**
   * After a failure the connection is given up, and with it whatever was begun; it is kept where
   * only the data was refused.
   */
  private int inTransaction(Work work) throws SQLException {
    Connection open = connection();
    try {
      open.setAutoCommit(false);
      int count = work.on(open);
      commits++;
      open.commit();
      return count;
    } catch (SQLException | RuntimeException e) {
      if (Admission.isOfData(e)) {
        open.rollback();
      } else {
        close();
      }
      throw e;
    } finally {
      if (connection != null) {
        open.setAutoCommit(true);
      }
    }
  }

  /** A crash row without an attempt stands for a whole owner; see the budgets' reaper. */
  private static boolean isReaped(LedgerRow row) {
    return row.attempt().cause() == Cause.CRASH && row.attempt().number() == 0;
  }

  private void rememberReaped(Connection open, List<LedgerRow> fresh) throws SQLException {
    for (LedgerRow row : fresh) {
      if (isReaped(row)) {
        for (Charge charge : row.charges()) {
          remember(open, charge.owner(), row.id());
        }
      }
    }
  }

  private void remember(Connection open, long owner, UUID id) throws SQLException {
    try (PreparedStatement insert =
        open.prepareStatement(
            "INSERT INTO reaped (owner, id) VALUES (?, ?) ON CONFLICT (owner, id) DO NOTHING")) {
      insert.setLong(1, owner);
      dialect.bind(insert, 2, id);
      insert.executeUpdate();
    }
  }

  /**
   * Whether the owner's journal has been found, or an earlier version has booked the same charge:
   * its rows have another id. Under the lock of all writers, so nobody books in between.
   */
  private boolean isSettled(Connection open, LedgerRow reaped) throws SQLException {
    for (Charge charge : reaped.charges()) {
      if (isRemembered(open, charge.owner(), FOUND)
          || isRemembered(open, charge.owner(), Corrections.earlierReapedId(charge))) {
        return true;
      }
    }
    return false;
  }

  private boolean isRemembered(Connection open, long owner, UUID id) throws SQLException {
    try (PreparedStatement select =
        open.prepareStatement("SELECT 1 FROM reaped WHERE owner = ? AND id = ?")) {
      select.setLong(1, owner);
      dialect.bind(select, 2, id);
      try (ResultSet results = select.executeQuery()) {
        return results.next();
      }
    }
  }

  private List<LedgerRow> reversals(Connection open, long owner) throws SQLException {
    List<UUID> ids = new ArrayList<>();
    try (PreparedStatement select =
        open.prepareStatement("SELECT id FROM reaped WHERE owner = ?")) {
      select.setLong(1, owner);
      try (ResultSet results = select.executeQuery()) {
        while (results.next()) {
          ids.add(dialect.uuid(results, 1));
        }
      }
    }
    List<LedgerRow> reversals = new ArrayList<>();
    RowReader reader = new RowReader(dialect, counters);
    for (UUID id : ids) {
      for (LedgerRow row : reader.rows(open, id, id)) {
        reversals.add(Corrections.reverse(row, Corrections.JOURNAL_FOUND));
      }
    }
    return reversals;
  }

  /** Deletes rows that ended before that instant, never roll-ups; returns how many. */
  long expire(long beforeMillis) throws SQLException {
    long deleted = 0;
    for (int count = EXPIRE_AT_ONCE; count == EXPIRE_AT_ONCE; deleted += count) {
      count = inTransaction(open -> expire(open, beforeMillis));
    }
    return deleted;
  }

  private static int expire(Connection open, long beforeMillis) throws SQLException {
    String old =
        "SELECT id FROM ledger_row WHERE ended_at < ? ORDER BY ended_at LIMIT " + EXPIRE_AT_ONCE;
    try (PreparedStatement rowDelete =
        open.prepareStatement("DELETE FROM ledger_row WHERE id IN (" + old + ")")) {
      rowDelete.setLong(1, beforeMillis);
      return rowDelete.executeUpdate();
    }
  }

  /** Keeps contents that are not there yet. */
  void keep(List<Content> batch) throws SQLException {
    inTransaction(open -> {
      contents.insert(open, batch);
      return batch.size();
    });
  }

  /** Keeps a price catalogue, and those that rows of that long may name. */
  void keep(Catalogue catalogue, @Nullable Duration retain) throws SQLException {
    inTransaction(open -> {
      CatalogueTable.put(open, catalogue, retain);
      return 1;
    });
  }

  /** Deletes what was kept of requests that arrived before that instant. */
  void expireContent(long beforeMillis) throws SQLException {
    UUID before = RequestIds.floor(Math.max(0, beforeMillis));
    boolean more = true;
    while (more) {
      more = contents.expire(connection(), before);
    }
  }

  @Override
  public void close() {
    Connection open = connection;
    connection = null;
    if (open != null) {
      try {
        open.close();
      } catch (SQLException e) {
        LOG.debug("ledger: close: {}", e.toString());
      }
    }
  }
}
