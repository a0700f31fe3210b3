package io.penstock.ledger;

import io.penstock.core.price.Meter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads sums from where a {@link SpendPlan} says, and puts them together. */
final class SpendReader {
  private static final Measure[] MEASURES = Measure.values();

  /** Looking a slot up costs some times what passing it by does. */
  private static final long MOST_LOOKUPS = 200_000;

  /** A year of days; they are named one by one. */
  private static final int MOST_PERIODS = 400;

  private static final Comparator<SpendLine> DEAREST_FIRST =
      Comparator.comparingLong((SpendLine line) -> line.of(Measure.COST))
          .reversed()
          .thenComparing(line -> String.join("\u001f", line.key()));

  /** Bytes, about, of a group while a report of it is written. */
  static final long LINE_BYTES = 1536;

  private static final int PORTION = 1000;

  private final SqlDialect dialect;
  private final long mostLines;

  /**
   * Reads as many groups as a third of the heap holds for each of so many results at once.
   *
   * @param results that are held at the same time
   */
  static SpendReader sharing(SqlDialect dialect, int results) {
    return new SpendReader(dialect, most(Runtime.getRuntime().maxMemory(), results));
  }

  /** Returns how many groups a result may have, of a heap of so many bytes. */
  static long most(long heap, int results) {
    return Math.max(10_000, heap / 3 / LINE_BYTES / results);
  }

  SpendReader(SqlDialect dialect, long mostLines) {
    this.dialect = dialect;
    this.mostLines = mostLines;
  }

  /**
   * Reads sums.
   *
   * @throws IllegalArgumentException when there are more groups than memory for them
   */
  Spend of(Connection connection, SpendQuery query) throws SQLException {
    connection.setAutoCommit(false); // PostgreSQL reads in portions only inside a transaction
    try {
      return read(connection, query);
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  private Spend read(Connection connection, SpendQuery query) throws SQLException {
    SpendPlan plan = SpendPlan.of(connection, query);
    List<Meter> meters = usedMeters(connection);
    Map<List<String>, SpendLine> lines = new LinkedHashMap<>();
    for (SpendPlan.Range range : plan.ranges()) {
      SpendSql sql = new SpendSql(dialect, query, range.grain(), meters);
      Source source = source(connection, sql, range);
      collect(
          connection,
          source,
          sql.sums(source.periods),
          query,
          lines,
          (line, results, at) -> addSums(line, results, at, meters));
      if (query.latency()) {
        String buckets = sql.buckets(source.periods);
        collect(connection, source, buckets, query, lines, SpendReader::addBuckets);
      }
    }
    List<SpendLine> sorted = new ArrayList<>(lines.values());
    sorted.sort(DEAREST_FIRST);
    return new Spend(sorted, total(connection, query, sorted), plan.fromRows());
  }

  private SpendLine total(Connection connection, SpendQuery query, List<SpendLine> lines)
      throws SQLException {
    if (query.by().contains("budget")) {
      return read(
              connection,
              new SpendQuery(List.of(), query.from(), query.to(), query.where(), query.latency()))
          .total();
    }
    SpendLine total = new SpendLine(List.of());
    lines.forEach(total::add);
    return total;
  }

  /** Returns the meters that any row has; most columns of the roll-up are empty. */
  private static List<Meter> usedMeters(Connection connection) throws SQLException {
    List<Meter> meters = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement("SELECT name FROM used_meter");
        ResultSet results = select.executeQuery()) {
      while (results.next()) {
        Meter meter = Meter.ofLabel(results.getString(1));
        if (meter != null) {
          meters.add(meter);
        }
      }
    }
    return meters;
  }

  /**
   * Returns how a range is read: by looking up each slot where a filter leaves few callers, else
   * all of it in one go.
   */
  private static Source source(Connection connection, SpendSql sql, SpendPlan.Range range)
      throws SQLException {
    Grain grain = range.grain();
    if (grain == null || grain.isBare() || !sql.isFiltered()) {
      return new Source(sql, range, List.of());
    }
    List<Long> periods = new ArrayList<>();
    for (long at = range.from(); at < range.to() && periods.size() <= MOST_PERIODS; ) {
      periods.add(at);
      at = grain.next(at);
    }
    if (periods.size() > MOST_PERIODS) {
      return new Source(sql, range, List.of());
    }
    try (PreparedStatement count = connection.prepareStatement(sql.callers())) {
      int at = 1;
      for (String parameter : sql.filterParameters()) {
        count.setString(at++, parameter);
      }
      try (ResultSet results = count.executeQuery()) {
        results.next();
        boolean few = results.getLong(1) * periods.size() <= MOST_LOOKUPS;
        return new Source(sql, range, few ? periods : List.of());
      }
    }
  }

  private void collect(
      Connection connection,
      Source source,
      String text,
      SpendQuery query,
      Map<List<String>, SpendLine> lines,
      Adder adder)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(text)) {
      select.setFetchSize(PORTION);
      int at = 1;
      for (String parameter : source.sql.parameters()) {
        select.setString(at++, parameter);
      }
      if (source.periods.isEmpty()) {
        select.setLong(at++, source.range.from());
        select.setLong(at, source.range.to());
      }
      try (ResultSet results = select.executeQuery()) {
        while (results.next()) {
          SpendLine line = lines.computeIfAbsent(key(query, results), SpendLine::new);
          adder.add(line, results, query.by().size() + 1);
          if (lines.size() > mostLines) {
            throw new IllegalArgumentException(
                "by: "
                    + String.join(",", query.by())
                    + ": more than "
                    + mostLines
                    + " groups (expected: fewer: a shorter period, a filter, or a larger heap)");
          }
        }
      }
    }
  }

  private static List<String> key(SpendQuery query, ResultSet results) throws SQLException {
    List<String> key = new ArrayList<>(query.by().size());
    for (int i = 0; i < query.by().size(); i++) {
      String name = query.by().get(i);
      if (SpendQuery.isPeriod(name)) {
        key.add(period(name, results.getLong(i + 1)));
      } else {
        String value = results.getString(i + 1);
        key.add(value == null ? "" : value);
      }
    }
    return key;
  }

  private static String period(String name, long millis) {
    String instant = Instant.ofEpochMilli(millis).toString();
    return switch (name) {
      case "hour" -> instant.substring(0, 13) + ":00Z";
      case "day" -> instant.substring(0, 10);
      default -> instant.substring(0, 7);
    };
  }

  private static void addSums(SpendLine line, ResultSet results, int from, List<Meter> meters)
      throws SQLException {
    int at = from;
    for (Measure measure : MEASURES) {
      line.add(measure, results.getLong(at++));
    }
    for (Meter meter : meters) {
      line.add(meter, results.getLong(at++));
    }
  }

  private static void addBuckets(SpendLine line, ResultSet results, int from) throws SQLException {
    for (int i = 0; i < LatencyBuckets.COUNT; i++) {
      line.addBucket(i, results.getLong(from + i));
    }
  }

  /**
   * How a range is read.
   *
   * @param periods those whose slots are looked up one by one; empty: the whole range is read
   */
  private record Source(SpendSql sql, SpendPlan.Range range, List<Long> periods) {}

  private interface Adder {
    void add(SpendLine line, ResultSet results, int from) throws SQLException;
  }
}
