package io.penstock.ledger;

import io.penstock.core.price.Meter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Sums over roll-ups where they know the dimensions, over rows where not. A period is cut into
 * whole months, days and hours, and what is left at its ends is read from rows, so that any period
 * is exact.
 */
final class SpendReader {
  private static final Measure[] MEASURES = Measure.values();
  private static final Comparator<SpendLine> DEAREST_FIRST =
      Comparator.comparingLong((SpendLine line) -> line.of(Measure.COST))
          .reversed()
          .thenComparing(line -> String.join("\u001f", line.key()));

  private final SqlDialect dialect;

  SpendReader(SqlDialect dialect) {
    this.dialect = dialect;
  }

  Spend read(Connection connection, SpendQuery query) throws SQLException {
    boolean rolled = isRolled(connection, query);
    List<Meter> meters = usedMeters(connection);
    Map<List<String>, SpendLine> lines = new LinkedHashMap<>();
    for (Range range :
        rolled ? plan(query, isBare(query)) : List.of(new Range(null, query.from(), query.to()))) {
      SpendSql sql = new SpendSql(dialect, query, range.grain, meters);
      collect(
          connection,
          sql,
          sql.sums(),
          range,
          query,
          lines,
          (line, results, at) -> addSums(line, results, at, meters));
      if (query.latency()) {
        collect(connection, sql, sql.buckets(), range, query, lines, SpendReader::addBuckets);
      }
    }
    List<SpendLine> sorted = new ArrayList<>(lines.values());
    sorted.sort(DEAREST_FIRST);
    return new Spend(sorted, total(connection, query, sorted), !rolled);
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

  /** Returns whether roll-ups have every dimension of the query since its start. */
  private static boolean isRolled(Connection connection, SpendQuery query) throws SQLException {
    Map<String, Long> extras = new HashMap<>();
    try (PreparedStatement select =
            connection.prepareStatement("SELECT name, since FROM rollup_extra");
        ResultSet results = select.executeQuery()) {
      while (results.next()) {
        extras.put(results.getString(1), results.getLong(2));
      }
    }
    List<String> names = new ArrayList<>(query.by());
    names.addAll(query.where().keySet());
    for (String name : names) {
      Dimension dimension = Dimension.named(name);
      boolean known =
          SpendQuery.isPeriod(name)
              || (dimension != null && Dimension.ROLLED.contains(dimension))
              || extras.getOrDefault(name, Long.MAX_VALUE) <= query.from();
      if (!known) {
        return false;
      }
    }
    return true;
  }

  /** Returns whether sums without callers have every dimension of the query. */
  private static boolean isBare(SpendQuery query) {
    List<String> names = new ArrayList<>(query.by());
    names.addAll(query.where().keySet());
    for (String name : names) {
      Dimension dimension = Dimension.named(name);
      boolean known =
          SpendQuery.isPeriod(name)
              || (dimension != null
                  && Dimension.ROLLED.contains(dimension)
                  && !RollupTable.NOT_BARE.contains(dimension));
      if (!known) {
        return false;
      }
    }
    return true;
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

  private static List<Range> plan(SpendQuery query, boolean bare) {
    Grain coarsest;
    if (query.by().contains("hour")) {
      coarsest = bare ? Grain.HOUR : null;
    } else if (bare) {
      coarsest = Grain.BARE_DAY;
    } else {
      coarsest = query.by().contains("day") ? Grain.DAY : Grain.MONTH;
    }
    List<Range> ranges = new ArrayList<>();
    plan(coarsest, new Range(null, query.from(), query.to()), ranges);
    return ranges;
  }

  /**
   * @param grain null: rows
   */
  private static void plan(@Nullable Grain grain, Range part, List<Range> ranges) {
    if (part.from >= part.to) {
      return;
    }
    if (grain == null) {
      ranges.add(part);
      return;
    }
    long first = grain.ceil(part.from);
    long last = grain.floor(part.to);
    if (first >= last) {
      plan(grain.finer(), part, ranges);
      return;
    }
    plan(grain.finer(), new Range(null, part.from, first), ranges);
    ranges.add(new Range(grain, first, last));
    plan(grain.finer(), new Range(null, last, part.to), ranges);
  }

  private void collect(
      Connection connection,
      SpendSql sql,
      String text,
      Range range,
      SpendQuery query,
      Map<List<String>, SpendLine> lines,
      Adder adder)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(text)) {
      int at = 1;
      for (String parameter : sql.parameters()) {
        select.setString(at++, parameter);
      }
      select.setLong(at++, range.from);
      select.setLong(at, range.to);
      try (ResultSet results = select.executeQuery()) {
        while (results.next()) {
          SpendLine line = lines.computeIfAbsent(key(query, results), SpendLine::new);
          adder.add(line, results, query.by().size() + 1);
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

  /** A part of the period: whole grains of the roll-up, or rows where the grain is null. */
  private record Range(@Nullable Grain grain, long from, long to) {}

  private interface Adder {
    void add(SpendLine line, ResultSet results, int from) throws SQLException;
  }
}
