package io.penstock.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads whole rows by id. Stateless; the connection is the caller's. */
final class RowReader {
  private static final Pattern COUNTER = Pattern.compile("\\[\"([0-9a-f-]{36})\"");

  private static final int PORTION = 1000;

  private final SqlDialect dialect;
  private final RowParser rows;
  private final CounterTable counters;

  RowReader(SqlDialect dialect, CounterTable counters) {
    this.dialect = dialect;
    this.rows = new RowParser(dialect);
    this.counters = counters;
  }

  /** Returns the rows between two ids, both included, in order. */
  List<LedgerRow> rows(Connection connection, UUID from, UUID to) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(select() + " WHERE r.id >= ? AND r.id <= ? ORDER BY r.id")) {
      dialect.bind(select, 1, from);
      dialect.bind(select, 2, to);
      return read(connection, select);
    }
  }

  /**
   * Returns rows below that id, descending. Not those that hold a dead owner's allowance, of which
   * there is one for each counter: nobody called, and it cost nothing.
   */
  List<LedgerRow> before(Connection connection, UUID before, int limit) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            select()
                + " WHERE r.id < ? AND "
                + called("r")
                + " ORDER BY r.id DESC LIMIT "
                + limit)) {
      dialect.bind(select, 1, before);
      return read(connection, select);
    }
  }

  /** By what rows say, for those of earlier versions have ids that are newer than any other. */
  private static String called(String alias) {
    return "NOT ("
        + (alias + ".cost = 0 AND (")
        + (alias + ".cause = '" + Dimension.label(Cause.CRASH) + "' AND ")
        + (alias + ".rule = '" + Corrections.REAPED + "' OR ")
        + (alias + ".cause = '" + Dimension.label(Cause.CORRECTION) + "' AND ")
        + (alias + ".rule = '" + Corrections.JOURNAL_FOUND + "'))");
  }

  /** Returns those of them that a query asks for. */
  List<LedgerRow> before(Connection connection, UUID before, int limit, SpendQuery where)
      throws SQLException {
    SpendSql sql = new SpendSql(dialect, where, null, List.of());
    // One upper bound: of two SQLite takes the first for the index, and reads what is between.
    UUID end = smaller(before, RequestIds.floor(where.to()));
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT "
                + RowColumns.columns("s")
                + " FROM ledger_row s WHERE s.id >= ? AND s.id < ? AND "
                + called("s")
                + sql.filter()
                + " ORDER BY s.id DESC LIMIT "
                + limit)) {
      dialect.bind(select, 1, RequestIds.floor(where.from()));
      dialect.bind(select, 2, end);
      List<String> values = sql.filterParameters();
      for (int i = 0; i < values.size(); i++) {
        select.setString(3 + i, values.get(i));
      }
      return read(connection, select);
    }
  }

  /** As both databases order ids: by unsigned bytes, which {@link UUID#compareTo} does not. */
  private static UUID smaller(UUID a, UUID b) {
    int high = Long.compareUnsigned(a.getMostSignificantBits(), b.getMostSignificantBits());
    int low = Long.compareUnsigned(a.getLeastSignificantBits(), b.getLeastSignificantBits());
    return (high == 0 ? low : high) < 0 ? a : b;
  }

  /** Passes rows by the time of their end, without charges; returns how many. */
  long each(Connection connection, long from, long to, Consumer<LedgerRow> consumer)
      throws SQLException {
    connection.setAutoCommit(false); // PostgreSQL reads in portions only inside a transaction
    try (PreparedStatement select =
        connection.prepareStatement(
            select() + " WHERE r.ended_at >= ? AND r.ended_at < ? ORDER BY r.ended_at, r.id")) {
      select.setFetchSize(PORTION);
      select.setLong(1, from);
      select.setLong(2, to);
      long count = 0;
      try (ResultSet results = select.executeQuery()) {
        while (results.next()) {
          consumer.accept(rows.read(results));
          count++;
        }
      }
      return count;
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  /** Passes the rows of each request, in order of arrival, with content and without charges. */
  long requests(Connection connection, long from, long to, LedgerQueries.RequestConsumer consumer)
      throws SQLException {
    UUID first = RequestIds.floor(from);
    UUID last = RequestIds.floor(to);
    connection.setAutoCommit(false); // as above
    try (PreparedStatement select =
            connection.prepareStatement(select() + " WHERE r.id >= ? AND r.id < ? ORDER BY r.id");
        ContentTable.Cursor contents = new ContentTable(dialect).from(connection, first, last)) {
      select.setFetchSize(PORTION);
      dialect.bind(select, 1, first);
      dialect.bind(select, 2, last);
      long count = 0;
      List<LedgerRow> request = new ArrayList<>();
      try (ResultSet results = select.executeQuery()) {
        while (results.next()) {
          LedgerRow row = rows.read(results);
          if (!request.isEmpty()
              && !request.getFirst().attempt().request().equals(row.attempt().request())) {
            pass(request, contents, consumer);
            count++;
          }
          request.add(row);
        }
      }
      if (!request.isEmpty()) {
        pass(request, contents, consumer);
        count++;
      }
      return count;
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  private static void pass(
      List<LedgerRow> request, ContentTable.Cursor contents, LedgerQueries.RequestConsumer consumer)
      throws SQLException {
    UUID id = request.getFirst().attempt().request();
    consumer.accept(List.copyOf(request), contents.of(id));
    request.clear();
  }

  private static String select() {
    return "SELECT " + RowColumns.columns("r") + " FROM ledger_row r";
  }

  /** Reads all rows first: their counters are looked up once they are known. */
  private List<LedgerRow> read(Connection connection, PreparedStatement select)
      throws SQLException {
    int column = 2 + RowColumns.NUMBERS.size() + RowColumns.TEXTS.indexOf("charges");
    List<LedgerRow> found = new ArrayList<>();
    List<String> charges = new ArrayList<>();
    Set<UUID> ids = new HashSet<>();
    try (ResultSet results = select.executeQuery()) {
      while (results.next()) {
        found.add(rows.read(results));
        charges.add(results.getString(column));
        Matcher matcher = COUNTER.matcher(charges.getLast());
        while (matcher.find()) {
          ids.add(UUID.fromString(matcher.group(1)));
        }
      }
    }
    Map<UUID, Counter> known = counters.byId(connection, ids);
    for (int i = 0; i < found.size(); i++) {
      found.set(i, RowParser.charged(found.get(i), charges.get(i), known));
    }
    return found;
  }
}
