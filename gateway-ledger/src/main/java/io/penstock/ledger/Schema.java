package io.penstock.ledger;

import io.penstock.core.price.Meter;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The tables and how older ones become the present ones: a list of steps, each run once, in one
 * transaction. A database that is newer than this program is refused.
 */
final class Schema {
  private static final List<List<String>> STEPS =
      List.of(first(), second(), third(), fourth(), fifth(), sixth());

  /** The version that this program writes. */
  static final int VERSION = STEPS.size();

  private Schema() {}

  /** Brings the database to {@link #VERSION}. */
  static void migrate(Connection connection, SqlDialect dialect) throws SQLException {
    Busy.<Integer, RuntimeException>waiting(() -> {
      migrate(connection, dialect, VERSION);
      return VERSION;
    });
  }

  /** Brings the database to that version; for tests of the migration. */
  static void migrate(Connection connection, SqlDialect dialect, int target) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement sql = connection.createStatement()) {
      if (dialect == SqlDialect.POSTGRES) {
        sql.execute("SELECT pg_advisory_xact_lock(7250611)"); // replicas that start together
      }
      sql.execute("CREATE TABLE IF NOT EXISTS penstock_schema (version INTEGER NOT NULL)");
      int version = version(sql);
      if (version > VERSION) {
        throw new LedgerException(
            "the ledger has schema version "
                + version
                + ", made by a newer Penstock (expected: at most "
                + VERSION
                + ")");
      }
      for (int step = version; step < target; step++) {
        if (step > 0) {
          addMeters(sql); // a step may copy sums
        }
        for (String statement : STEPS.get(step)) {
          sql.execute(dialect.ddl(statement));
        }
        sql.execute("DELETE FROM penstock_schema");
        sql.execute("INSERT INTO penstock_schema VALUES (" + (step + 1) + ")");
      }
      addMeters(sql);
      connection.commit();
    } catch (SQLException | LedgerException e) {
      connection.rollback();
      throw e;
    } finally {
      connection.setAutoCommit(true);
    }
  }

  private static int version(Statement sql) throws SQLException {
    try (ResultSet results = sql.executeQuery("SELECT MAX(version) FROM penstock_schema")) {
      return results.next() ? results.getInt(1) : 0;
    }
  }

  /** A meter that this program knows and the tables do not becomes a column. */
  private static void addMeters(Statement sql) throws SQLException {
    for (String table : List.of("ledger_row", "rollup")) {
      Set<String> present = new HashSet<>();
      try (ResultSet results = sql.executeQuery("SELECT * FROM " + table + " WHERE 1 = 0")) {
        for (int i = 1; i <= results.getMetaData().getColumnCount(); i++) {
          present.add(results.getMetaData().getColumnName(i).toLowerCase(Locale.ROOT));
        }
      }
      for (Meter meter : Meter.values()) {
        if (!present.contains(RowColumns.meterColumn(meter))) {
          sql.execute(
              "ALTER TABLE " + table + " ADD COLUMN " + RowColumns.meterColumn(meter) + " BIGINT");
        }
      }
    }
  }

  private static String columns(Stream<String> names, String type) {
    return names.map(name -> name + ' ' + type).collect(Collectors.joining(", "));
  }

  private static List<String> first() {
    String texts = columns(RowColumns.TEXTS.stream(), "TEXT NOT NULL");
    String numbers = columns(RowColumns.NUMBERS.stream(), "BIGINT NOT NULL");
    String dims = columns(Dimension.ROLLED.stream().map(Dimension::column), "TEXT NOT NULL");
    String measures = columns(Measure.STORED.stream().map(Measure::label), "BIGINT");
    String key = "grain INTEGER NOT NULL, period BIGINT NOT NULL, dim BIGINT NOT NULL";
    String buckets =
        columns(IntStream.range(0, LatencyBuckets.COUNT).mapToObj(i -> "l" + i), "BIGINT");
    return List.of(
        "CREATE TABLE ledger_row (id {uuid} PRIMARY KEY, " + numbers + ", " + texts + ")",
        "CREATE INDEX ledger_row_ended ON ledger_row (ended_at)",
        "CREATE TABLE content (id {uuid} PRIMARY KEY, request {bytes}, response {bytes})",
        "CREATE TABLE counter (id {uuid} PRIMARY KEY, budget TEXT NOT NULL, override_index INTEGER"
            + " NOT NULL, subject TEXT NOT NULL, window_start BIGINT NOT NULL, window_end BIGINT"
            + " NOT NULL)",
        "CREATE TABLE counter_total (counter {uuid} NOT NULL, owner BIGINT NOT NULL, total BIGINT"
            + " NOT NULL, PRIMARY KEY (counter, owner))",
        "CREATE INDEX counter_total_owner ON counter_total (owner)",
        "CREATE TABLE reaped (owner BIGINT NOT NULL, id {uuid} NOT NULL, PRIMARY KEY (owner, id))",
        "CREATE TABLE dim (id {serial}, dim_key TEXT NOT NULL UNIQUE, "
            + dims
            + ", extra TEXT NOT NULL)",
        "CREATE TABLE rollup ("
            + key
            + ", "
            + measures
            + ", PRIMARY KEY (grain, period, dim))"
            + " {clustered}",
        "CREATE TABLE rollup_latency ("
            + key
            + ", "
            + buckets
            + ", PRIMARY KEY (grain, period,"
            + " dim)) {clustered}",
        "CREATE TABLE used_meter (name TEXT PRIMARY KEY)",
        "CREATE TABLE rollup_extra (name TEXT PRIMARY KEY, since BIGINT NOT NULL)");
  }

  private static List<String> second() {
    return List.of(
        "CREATE TABLE statement_line (month BIGINT NOT NULL, team TEXT NOT NULL, line INTEGER NOT"
            + " NULL, kind TEXT NOT NULL, description TEXT NOT NULL, calls BIGINT NOT NULL, amount"
            + " BIGINT NOT NULL, PRIMARY KEY (month, team, line))",
        "CREATE TABLE statement_month (month BIGINT PRIMARY KEY, closed_at BIGINT NOT NULL)");
  }

  /** Days without callers, from the hours that there are. */
  private static List<String> third() {
    Stream<String> sums =
        Stream.concat(
            Measure.STORED.stream().map(Measure::label),
            Stream.of(Meter.values()).map(RowColumns::meterColumn));
    Stream<String> buckets = IntStream.range(0, LatencyBuckets.COUNT).mapToObj(i -> "l" + i);
    return List.of(bareDays("rollup", sums), bareDays("rollup_latency", buckets));
  }

  /** Content is cut and redacted: how long it was is kept beside it. */
  private static List<String> fourth() {
    return List.of(
        "ALTER TABLE content ADD COLUMN request_bytes BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE content ADD COLUMN response_bytes BIGINT NOT NULL DEFAULT 0");
  }

  /** Few callers of many are looked up. */
  private static List<String> fifth() {
    return RollupTable.NOT_BARE.stream()
        .map(Dimension::column)
        .sorted()
        .map(column -> "CREATE INDEX dim_by_" + column + " ON dim (" + column + ")")
        .toList();
  }

  /** Fetched prices are described by what was in force. */
  private static List<String> sixth() {
    return List.of(
        "CREATE TABLE price_catalogue (version TEXT PRIMARY KEY, since BIGINT NOT NULL, catalogue"
            + " {bytes} NOT NULL)");
  }

  private static String bareDays(String table, Stream<String> sums) {
    List<String> names = sums.toList();
    return "INSERT INTO "
        + table
        + " (grain, period, dim, "
        + String.join(", ", names)
        + ") SELECT "
        + Grain.BARE_DAY.ordinal()
        + ", period - period % 86400000, dim, "
        + names.stream().map(name -> "SUM(" + name + ")").collect(Collectors.joining(", "))
        + " FROM "
        + table
        + " WHERE grain = "
        + Grain.HOUR.ordinal()
        + " GROUP BY 2, 3";
  }
}
