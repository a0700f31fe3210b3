package io.penstock.ledger;

import io.penstock.core.price.Meter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The SELECTs of one query over one source: roll-ups of a grain, or rows. */
final class SpendSql {
  private static final long HOUR_MILLIS = 3_600_000;
  private static final long DAY_MILLIS = 86_400_000;

  private final SqlDialect dialect;
  private final SpendQuery query;
  private final @Nullable Grain grain;
  private final List<String> parameters = new ArrayList<>();
  private final List<Meter> meters;
  private final String keys;
  private final String filter;
  private final int firstOfFilter;

  /**
   * @param grain null: rows
   * @param used the meters to sum
   */
  SpendSql(SqlDialect dialect, SpendQuery query, @Nullable Grain grain, List<Meter> used) {
    this.meters = used;
    this.dialect = dialect;
    this.query = query;
    this.grain = grain;
    this.keys =
        query.by().stream().map(name -> expression(name) + ", ").collect(Collectors.joining());
    this.firstOfFilter = parameters.size();
    StringBuilder where = new StringBuilder();
    query
        .where()
        .forEach((name, value) -> {
          where.append(" AND ").append(expression(name)).append(" = ?");
          parameters.add(value);
        });
    this.filter = where.toString();
  }

  /** Returns the text parameters, in order; the period's two bounds follow them. */
  List<String> parameters() {
    return parameters;
  }

  /** Returns whether only some rows are asked for. */
  boolean isFiltered() {
    return !filter.isEmpty();
  }

  /** Returns what rows must have, behind other conditions: AND for each; "" when nothing. */
  String filter() {
    return filter;
  }

  /** Returns the SELECT of how many sets of dimensions pass the filter. */
  String callers() {
    return "SELECT COUNT(*) FROM dim d WHERE 1 = 1" + filter;
  }

  /** Returns the parameters of {@link #callers}. */
  List<String> filterParameters() {
    return parameters.subList(firstOfFilter, parameters.size());
  }

  /**
   * Returns the SELECT of every measure, then every used meter.
   *
   * @param periods those whose slots are looked up; empty: a range, whose bounds are parameters
   */
  String sums(List<Long> periods) {
    Stream<String> measures =
        Stream.of(Measure.values())
            .map(measure -> grain == null ? measure.rowSql() : measure.slotSql());
    Stream<String> quantities = meters.stream().map(meter -> "s." + RowColumns.meterColumn(meter));
    return select("rollup", Stream.concat(measures, quantities), periods);
  }

  /** Returns the SELECT of the latency histogram. */
  String buckets(List<Long> periods) {
    return select(
        "rollup_latency",
        IntStream.range(0, LatencyBuckets.COUNT)
            .mapToObj(i -> grain == null ? LatencyBuckets.rowSql(i) : "s.l" + i),
        periods);
  }

  private String select(String rollup, Stream<String> sums, List<Long> periods) {
    String group =
        query.by().isEmpty()
            ? ""
            : " GROUP BY "
                + IntStream.rangeClosed(1, query.by().size())
                    .mapToObj(Integer::toString)
                    .collect(Collectors.joining(", "));
    return "SELECT "
        + keys
        + sums.map(sum -> "SUM(" + sum + ")").collect(Collectors.joining(", "))
        + " FROM "
        + (grain == null
            ? rows() + " WHERE 1 = 1" + filter + " AND s.ended_at >= ? AND s.ended_at < ?"
            : slots(rollup, grain, periods))
        + group;
  }

  /** A CROSS JOIN keeps SQLite to this order: callers first, then their slots by primary key. */
  private String slots(String rollup, Grain of, List<Long> periods) {
    String slot = " AND s.grain = " + of.ordinal() + " AND s.period ";
    return periods.isEmpty()
        ? rollup
            + " s JOIN dim d ON d.id = s.dim WHERE 1 = 1"
            + filter
            + slot
            + ">= ? AND s.period < ?"
        : "dim d CROSS JOIN "
            + rollup
            + " s WHERE s.dim = d.id"
            + filter
            + slot
            + "IN ("
            + periods.stream().map(String::valueOf).collect(Collectors.joining(", "))
            + ")";
  }

  private String rows() {
    return query.by().contains("budget")
        ? "ledger_row s LEFT JOIN " + dialect.jsonArray("s.budgets", "b") + " ON 1 = 1"
        : "ledger_row s";
  }

  private String expression(String name) {
    if (SpendQuery.isPeriod(name)) {
      String time = grain == null ? "s.ended_at" : "s.period";
      return switch (name) {
        case "hour" -> time + " - " + time + " % " + HOUR_MILLIS;
        // Months are cut from days by the reader.
        default -> time + " - " + time + " % " + DAY_MILLIS;
      };
    }
    if (name.equals("budget")) {
      return "b.value";
    }
    if (grain != null) {
      return rolled(name);
    }
    if (SpendQuery.isMetadata(name)) {
      parameters.add(dialect.jsonPath(SpendQuery.metadataName(name)));
      return dialect.jsonText("s.metadata");
    }
    String column = "s." + column(name);
    // A number in rows: PostgreSQL compares none with the text of a filter.
    return name.equals("status") ? "CAST(" + column + " AS TEXT)" : column;
  }

  private String rolled(String name) {
    Dimension dimension = Dimension.named(name);
    if (dimension != null && Dimension.ROLLED.contains(dimension)) {
      return "d." + dimension.column();
    }
    parameters.add(dialect.jsonPath(name));
    return dialect.jsonText("d.extra");
  }

  private static String column(String name) {
    Dimension dimension = Dimension.named(name);
    if (dimension == null) {
      throw new IllegalArgumentException("no such dimension: " + name);
    }
    return dimension.column();
  }
}
