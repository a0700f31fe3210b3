package io.penstock.ledger;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toUnmodifiableSet;

import io.penstock.core.Ending;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Writes rows as lines of a table. */
final class RowTable {
  /**
   * Texts of this program's own. Where all rows of a statement have the same one of them in a
   * column, the statement says it: to bind a value costs more than to store it, and most columns of
   * most rows say little. No other text is ever part of a statement.
   */
  private static final Set<String> OWN = own();

  /** Rows of one statement: the columns of more would outlive a young collection. */
  private static final int STATEMENT = 256;

  private final SqlDialect dialect;

  RowTable(SqlDialect dialect) {
    this.dialect = dialect;
  }

  private static Set<String> own() {
    return Stream.concat(
            Stream.of("", "{}", "[]"),
            Stream.of(
                    Cause.values(),
                    Ending.values(),
                    CacheOutcome.values(),
                    Waste.values(),
                    UsageSource.values())
                .flatMap(Stream::of)
                .map(Dimension::label))
        .collect(toUnmodifiableSet());
  }

  /** Inserts those that are not there yet and returns them. */
  List<LedgerRow> insert(Connection connection, List<LedgerRow> rows) throws SQLException {
    List<LedgerRow> fresh = new ArrayList<>(rows.size());
    for (int from = 0; from < rows.size(); from += STATEMENT) {
      List<LedgerRow> some = rows.subList(from, Math.min(rows.size(), from + STATEMENT));
      insert(connection, some, fresh);
    }
    return fresh;
  }

  private void insert(Connection connection, List<LedgerRow> rows, List<LedgerRow> fresh)
      throws SQLException {
    List<@Nullable Object[]> lines = new ArrayList<>(rows.size());
    for (LedgerRow row : rows) {
      lines.add(RowColumns.values(row));
      LedgerThread.giveWay(lines.size());
    }
    @Nullable String[] common = common(lines);
    try (PreparedStatement insert = connection.prepareStatement(insert(common))) {
      for (int from = 0; from < rows.size(); from += LedgerThread.PORTION) {
        int to = Math.min(rows.size(), from + LedgerThread.PORTION);
        for (int i = from; i < to; i++) {
          dialect.bind(insert, 1, rows.get(i).id());
          bind(insert, lines.get(i), common);
          insert.addBatch();
        }
        int[] counts = insert.executeBatch();
        for (int i = from; i < to; i++) {
          if (counts[i - from] == 1) {
            fresh.add(rows.get(i));
          }
        }
        LedgerThread.giveWay(to);
      }
    }
  }

  /** Returns, by column, what the statement says for all lines, or null where each is bound. */
  private static @Nullable String[] common(List<@Nullable Object[]> lines) {
    @Nullable String[] common = new String[RowColumns.COLUMNS.size()];
    for (int column = 0; column < common.length && !lines.isEmpty(); column++) {
      common[column] = literal(lines.getFirst()[column]);
    }
    for (@Nullable Object[] line : lines) {
      for (int column = 0; column < common.length; column++) {
        if (common[column] != null && !Objects.equals(line[column], lines.getFirst()[column])) {
          common[column] = null;
        }
      }
    }
    return common;
  }

  private static @Nullable String literal(@Nullable Object value) {
    if (value == null) {
      return "NULL";
    }
    if (value instanceof String text) {
      return OWN.contains(text) ? '\'' + text + '\'' : null;
    }
    return value.equals(0L) ? "0" : null;
  }

  private static String insert(@Nullable String[] common) {
    return "INSERT INTO ledger_row (id, "
        + String.join(", ", RowColumns.COLUMNS)
        + ") VALUES (?, "
        + Stream.of(common).map(value -> value == null ? "?" : value).collect(joining(", "))
        + ") ON CONFLICT (id) DO NOTHING";
  }

  private static void bind(
      PreparedStatement insert, @Nullable Object[] line, @Nullable String[] common)
      throws SQLException {
    int at = 2;
    for (int column = 0; column < line.length; column++) {
      if (common[column] == null) {
        switch (line[column]) {
          case null -> insert.setNull(at++, Types.BIGINT);
          // PostgreSQL refuses NUL in text; a client may have sent one.
          case String text -> insert.setString(at++, RowColumns.withoutNul(text));
          case Object number -> insert.setLong(at++, (Long) number);
        }
      }
    }
  }
}
