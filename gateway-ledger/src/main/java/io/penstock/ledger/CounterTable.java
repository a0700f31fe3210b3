package io.penstock.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/** What every counter was charged, by owner, in the same transaction as the rows. */
final class CounterTable {
  private static final int MAX_KNOWN = 100_000;
  private static final int PORTION = 1000;

  private final SqlDialect dialect;
  private final Set<UUID> known = new HashSet<>();

  CounterTable(SqlDialect dialect) {
    this.dialect = dialect;
  }

  /** Adds the charges of rows that were inserted in the same transaction. */
  void add(Connection connection, List<LedgerRow> rows) throws SQLException {
    TreeMap<UUID, Counter> counters = new TreeMap<>();
    TreeMap<UUID, TreeMap<Long, Long>> totals = new TreeMap<>();
    for (LedgerRow row : rows) {
      for (Charge charge : row.charges()) {
        UUID id = charge.counter().id();
        if (!known.contains(id)) {
          counters.put(id, charge.counter());
        }
        totals
            .computeIfAbsent(id, counter -> new TreeMap<>())
            .merge(charge.owner(), charge.amount(), Math::addExact);
      }
    }
    insert(connection, counters);
    try (PreparedStatement upsert =
        connection.prepareStatement(
            "INSERT INTO counter_total (counter, owner, total) VALUES (?, ?, ?) ON CONFLICT"
                + " (counter, owner) DO UPDATE SET total = counter_total.total + excluded.total")) {
      for (Map.Entry<UUID, TreeMap<Long, Long>> counter : totals.entrySet()) {
        for (Map.Entry<Long, Long> owner : counter.getValue().entrySet()) {
          dialect.bind(upsert, 1, counter.getKey());
          upsert.setLong(2, owner.getKey());
          upsert.setLong(3, owner.getValue());
          upsert.addBatch();
        }
      }
      upsert.executeBatch();
    }
  }

  private void insert(Connection connection, Map<UUID, Counter> counters) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO counter (id, budget, override_index, subject, window_start, window_end)"
                + " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING")) {
      for (Counter counter : counters.values()) {
        dialect.bind(insert, 1, counter.id());
        insert.setString(2, RowColumns.withoutNul(counter.budget()));
        insert.setInt(3, counter.override());
        insert.setString(4, RowColumns.withoutNul(counter.subject()));
        insert.setLong(5, counter.windowStart());
        insert.setLong(6, counter.windowEnd());
        insert.addBatch();
      }
      insert.executeBatch();
    }
    if (known.size() + counters.size() > MAX_KNOWN) {
      known.clear();
    }
    known.addAll(counters.keySet());
  }

  /** Forgets what a transaction that failed may have inserted. */
  void rolledBack() {
    known.clear();
  }

  /** Passes the sum of each counter whose window ends after that instant, as it is read. */
  int sums(
      Connection connection,
      long endsAfter,
      LedgerQueries.Owned owned,
      LedgerQueries.CounterConsumer consumer)
      throws SQLException {
    connection.setAutoCommit(false); // PostgreSQL reads in portions only inside a transaction
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT c.id, c.budget, c.override_index, c.subject, c.window_start, c.window_end,"
                + " SUM(t.total) FROM counter c JOIN counter_total t ON t.counter = c.id"
                + " WHERE c.window_end > ? AND (t.owner BETWEEN ? AND ?) = "
                + (owned.within() ? "(1 = 1)" : "(1 = 0)")
                + " GROUP BY c.id")) {
      select.setFetchSize(PORTION);
      select.setLong(1, endsAfter);
      select.setLong(2, owned.first());
      select.setLong(3, owned.last());
      int count = 0;
      try (ResultSet results = select.executeQuery()) {
        while (results.next()) {
          consumer.accept(counter(results), results.getLong(7));
          count++;
        }
      }
      return count;
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  /** Returns what that counter was charged, by owner. */
  Map<Long, Long> ofCounter(Connection connection, UUID counter) throws SQLException {
    Map<Long, Long> totals = new HashMap<>();
    try (PreparedStatement select =
        connection.prepareStatement("SELECT owner, total FROM counter_total WHERE counter = ?")) {
      dialect.bind(select, 1, counter);
      try (ResultSet results = select.executeQuery()) {
        while (results.next()) {
          totals.put(results.getLong(1), results.getLong(2));
        }
      }
    }
    return totals;
  }

  /** Returns what that owner charged, by counter. */
  Map<UUID, Long> ofOwner(Connection connection, long owner) throws SQLException {
    Map<UUID, Long> totals = new HashMap<>();
    try (PreparedStatement select =
        connection.prepareStatement("SELECT counter, total FROM counter_total WHERE owner = ?")) {
      select.setLong(1, owner);
      try (ResultSet results = select.executeQuery()) {
        while (results.next()) {
          totals.put(dialect.uuid(results, 1), results.getLong(2));
        }
      }
    }
    return totals;
  }

  /** Returns counters by id: one query, unless there are more than a statement may name. */
  Map<UUID, Counter> byId(Connection connection, Set<UUID> ids) throws SQLException {
    Map<UUID, Counter> counters = new HashMap<>();
    List<UUID> all = List.copyOf(ids);
    for (int from = 0; from < all.size(); from += PORTION) {
      List<UUID> portion = all.subList(from, Math.min(all.size(), from + PORTION));
      try (PreparedStatement select =
          connection.prepareStatement(
              "SELECT id, budget, override_index, subject, window_start, window_end FROM counter"
                  + " WHERE id IN ("
                  + String.join(", ", Collections.nCopies(portion.size(), "?"))
                  + ")")) {
        for (int i = 0; i < portion.size(); i++) {
          dialect.bind(select, 1 + i, portion.get(i));
        }
        try (ResultSet results = select.executeQuery()) {
          while (results.next()) {
            Counter counter = counter(results);
            counters.put(counter.id(), counter);
          }
        }
      }
    }
    return counters;
  }

  private Counter counter(ResultSet results) throws SQLException {
    return new Counter(
        dialect.uuid(results, 1),
        results.getString(2),
        results.getInt(3),
        results.getString(4),
        results.getLong(5),
        results.getLong(6));
  }
}
