package io.penstock.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the sums of a query are read: from roll-ups where they know its dimensions, from rows where
 * not. A period is cut into whole months, days and hours, and what is left at its ends is read from
 * rows, so that any period is exact.
 *
 * @param ranges parts of the period, none twice
 * @param fromRows whether roll-ups lack a dimension
 */
record SpendPlan(List<Range> ranges, boolean fromRows) {
  /** A part of the period: whole grains of the roll-up, or rows where the grain is null. */
  record Range(@Nullable Grain grain, long from, long to) {}

  static SpendPlan of(Connection connection, SpendQuery query) throws SQLException {
    boolean bare = isBare(query);
    // No roll-up has callers by the hour.
    return isRolled(connection, query) && (bare || !query.by().contains("hour"))
        ? new SpendPlan(plan(query, bare, end(connection, query)), false)
        : new SpendPlan(List.of(new Range(null, query.from(), query.to())), true);
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
    return names(query)
        .allMatch(
            name -> isRolled(name) || extras.getOrDefault(name, Long.MAX_VALUE) <= query.from());
  }

  /** Returns whether sums without callers have every dimension of the query. */
  private static boolean isBare(SpendQuery query) {
    return names(query).allMatch(name -> isRolled(name) && !RollupTable.isCaller(name));
  }

  private static Stream<String> names(SpendQuery query) {
    return Stream.concat(query.by().stream(), query.where().keySet().stream());
  }

  /** Returns whether every roll-up has that dimension or period. */
  private static boolean isRolled(String name) {
    Dimension dimension = Dimension.named(name);
    return SpendQuery.isPeriod(name) || (dimension != null && Dimension.ROLLED.contains(dimension));
  }

  /**
   * Returns where the period ends for roll-ups: while nothing has ended after it, its last month is
   * whole, one slot instead of one per day.
   */
  private static long end(Connection connection, SpendQuery query) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("SELECT MAX(ended_at) FROM ledger_row");
        ResultSet results = select.executeQuery()) {
      results.next();
      long last = results.getLong(1);
      return !results.wasNull() && last < query.to() ? Grain.MONTH.ceil(query.to()) : query.to();
    }
  }

  private static List<Range> plan(SpendQuery query, boolean bare, long end) {
    Grain coarsest;
    if (query.by().contains("hour")) {
      coarsest = Grain.HOUR;
    } else if (bare) {
      coarsest = Grain.BARE_DAY;
    } else {
      coarsest = query.by().contains("day") ? Grain.DAY : Grain.MONTH;
    }
    List<Range> ranges = new ArrayList<>();
    plan(
        coarsest,
        new Range(null, query.from(), coarsest == Grain.MONTH ? end : query.to()),
        ranges);
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
}
