package io.penstock.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Statements that were issued. A closed month is never changed; what turns out later is a line of a
 * later month. Blocks; any thread.
 */
public final class StatementBook {
  private final ReadPool pool;

  StatementBook(ReadPool pool) {
    this.pool = pool;
  }

  /**
   * One line of a statement.
   *
   * @param month of the statement
   * @param kind usage, markup, shared or correction
   * @param description the target, the shared cost's name, or the month that is corrected
   * @param amount nano-USD
   */
  public record Line(
      YearMonth month, String team, String kind, String description, long calls, long amount) {}

  /** Returns the months that are closed, oldest first, and when each was. */
  public NavigableMap<YearMonth, Instant> closed() {
    return pool.read(StatementBook::closed);
  }

  private static NavigableMap<YearMonth, Instant> closed(Connection connection)
      throws SQLException {
    TreeMap<YearMonth, Instant> months = new TreeMap<>();
    try (PreparedStatement select =
            connection.prepareStatement("SELECT month, closed_at FROM statement_month");
        ResultSet results = select.executeQuery()) {
      while (results.next()) {
        months.put(month(results.getLong(1)), Instant.ofEpochMilli(results.getLong(2)));
      }
    }
    return Collections.unmodifiableNavigableMap(months);
  }

  /** Returns every line that was ever issued, by month, team and place on the statement. */
  public List<Line> lines() {
    return pool.read(connection -> {
      List<Line> lines = new ArrayList<>();
      try (PreparedStatement select =
              connection.prepareStatement(
                  "SELECT month, team, kind, description, calls, amount FROM statement_line"
                      + " ORDER BY month, team, line");
          ResultSet results = select.executeQuery()) {
        while (results.next()) {
          lines.add(
              new Line(
                  month(results.getLong(1)),
                  results.getString(2),
                  results.getString(3),
                  results.getString(4),
                  results.getLong(5),
                  results.getLong(6)));
        }
      }
      return lines;
    });
  }

  /**
   * Closes a month with these lines.
   *
   * @throws LedgerException when it is closed already
   */
  public void close(YearMonth month, List<Line> lines, long nowMillis) {
    pool.read(connection -> {
      if (closed(connection).containsKey(month)) {
        throw new LedgerException(month + " is closed and does not change");
      }
      connection.setAutoCommit(false);
      try {
        insert(connection, month, lines, nowMillis);
        connection.commit();
      } catch (SQLException e) {
        connection.rollback();
        throw e;
      } finally {
        connection.setAutoCommit(true);
      }
      return lines.size();
    });
  }

  private static void insert(
      Connection connection, YearMonth month, List<Line> lines, long nowMillis)
      throws SQLException {
    try (PreparedStatement close =
            connection.prepareStatement(
                "INSERT INTO statement_month (month, closed_at) VALUES (?, ?)");
        PreparedStatement insert =
            connection.prepareStatement(
                "INSERT INTO statement_line (month, team, line, kind, description, calls, amount)"
                    + " VALUES (?, ?, ?, ?, ?, ?, ?)")) {
      close.setLong(1, number(month));
      close.setLong(2, nowMillis);
      close.executeUpdate();
      for (int i = 0; i < lines.size(); i++) {
        Line line = lines.get(i);
        insert.setLong(1, number(month));
        insert.setString(2, line.team());
        insert.setInt(3, i);
        insert.setString(4, line.kind());
        insert.setString(5, line.description());
        insert.setLong(6, line.calls());
        insert.setLong(7, line.amount());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private static long number(YearMonth month) {
    return month.getYear() * 100L + month.getMonthValue();
  }

  private static YearMonth month(long number) {
    return YearMonth.of((int) (number / 100), (int) (number % 100));
  }
}
