package io.penstock.ledger;

import io.penstock.core.price.Meter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Hourly, daily and monthly sums by dimension, and latency histograms beside them. A batch is
 * summed in memory and added with one upsert per (grain, period, dimensions), in the order of the
 * keys, so that replicas that write to one PostgreSQL never wait for each other in a circle.
 */
final class RollupTable {
  private static final int MAX_KNOWN = 100_000;
  private static final Measure[] MEASURES = Measure.values();
  private static final Meter[] METERS = Meter.values();
  private static final List<String> SUMS =
      Stream.concat(
              Stream.of(MEASURES).map(Measure::label), Stream.of(METERS).map(Schema::meterColumn))
          .toList();
  private static final List<String> BUCKETS =
      IntStream.range(0, LatencyBuckets.COUNT).mapToObj(i -> "l" + i).toList();
  private static final String ADD_SUMS = upsert("rollup", SUMS);
  private static final String ADD_BUCKETS = upsert("rollup_latency", BUCKETS);

  private final List<String> extras;

  /** Ids of dimension sets that were used lately. */
  private final Map<String, Long> known =
      new LinkedHashMap<>(1024, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > MAX_KNOWN;
        }
      };

  RollupTable(List<String> extras) {
    this.extras = extras.stream().sorted().toList();
  }

  private static String upsert(String table, List<String> columns) {
    return "INSERT INTO "
        + table
        + " (grain, period, dim, "
        + String.join(", ", columns)
        + ") VALUES (?, ?, ?"
        + ", ?".repeat(columns.size())
        + ") ON CONFLICT (grain, period, dim) DO UPDATE SET "
        + columns.stream()
            .map(column ->
                column.startsWith("m_")
                    ? column
                        + " = COALESCE("
                        + table
                        + '.'
                        + column
                        + ", 0) + COALESCE(excluded."
                        + column
                        + ", 0)"
                    : column + " = " + table + '.' + column + " + excluded." + column)
            .collect(Collectors.joining(", "));
  }

  /**
   * Remembers since when a further dimension is rolled up: before that, only rows know it.
   *
   * @param since 0 for a ledger that has no rows yet
   */
  void announce(Connection connection, long since) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO rollup_extra (name, since) VALUES (?, ?) ON CONFLICT (name) DO NOTHING")) {
      for (String extra : extras) {
        insert.setString(1, extra);
        insert.setLong(2, since);
        insert.executeUpdate();
      }
    }
  }

  /** Adds rows that were inserted in the same transaction. */
  void add(Connection connection, List<LedgerRow> rows) throws SQLException {
    TreeMap<String, Dims> byDims = new TreeMap<>();
    for (LedgerRow row : rows) {
      Dims dims = dims(row);
      byDims.computeIfAbsent(dims.key, key -> dims).rows.add(row);
    }
    TreeMap<Slot, Sums> slots = new TreeMap<>();
    for (Dims dims : byDims.values()) {
      long id = id(connection, dims);
      for (LedgerRow row : dims.rows) {
        for (Grain grain : Grain.values()) {
          long period = grain.floor(row.times().endedAt());
          slots.computeIfAbsent(new Slot(grain, period, id), slot -> new Sums()).add(row);
        }
      }
    }
    write(connection, slots, ADD_SUMS, sums -> sums.sums, MEASURES.length);
    write(connection, slots, ADD_BUCKETS, sums -> sums.buckets, LatencyBuckets.COUNT);
  }

  private static void write(
      Connection connection,
      Map<Slot, Sums> slots,
      String sql,
      java.util.function.Function<Sums, long[]> values,
      int required)
      throws SQLException {
    try (PreparedStatement upsert = connection.prepareStatement(sql)) {
      for (Map.Entry<Slot, Sums> slot : slots.entrySet()) {
        upsert.setInt(1, slot.getKey().grain.ordinal());
        upsert.setLong(2, slot.getKey().period);
        upsert.setLong(3, slot.getKey().dim);
        long[] numbers = values.apply(slot.getValue());
        for (int i = 0; i < numbers.length; i++) {
          if (numbers[i] == 0 && i >= required) {
            upsert.setNull(4 + i, java.sql.Types.BIGINT);
          } else {
            upsert.setLong(4 + i, numbers[i]);
          }
        }
        upsert.addBatch();
      }
      upsert.executeBatch();
    }
  }

  private Dims dims(LedgerRow row) {
    String[] values = new String[Dimension.ROLLED.size()];
    StringBuilder key = new StringBuilder();
    for (int i = 0; i < values.length; i++) {
      values[i] = clean(Dimension.ROLLED.get(i).of(row));
      key.append(values[i]).append('\u001f');
    }
    TreeMap<String, String> extra = new TreeMap<>();
    for (String name : extras) {
      extra.put(name, clean(Dimension.extra(name, row)));
    }
    String json = RowTable.json(extra);
    return new Dims(key.append(json).toString(), values, json, new ArrayList<>());
  }

  private static String clean(String text) {
    return text.indexOf('\0') < 0 ? text : text.replace('\0', '\uFFFD');
  }

  private long id(Connection connection, Dims dims) throws SQLException {
    Long cached = known.get(dims.key);
    if (cached != null) {
      return cached;
    }
    String columns =
        Dimension.ROLLED.stream().map(Dimension::column).collect(Collectors.joining(", "));
    String sql =
        "INSERT INTO dim (dim_key, "
            + columns
            + ", extra) VALUES (?"
            + ", ?".repeat(dims.values.length + 1)
            + ") ON CONFLICT (dim_key) DO UPDATE SET dim_key = excluded.dim_key RETURNING id";
    try (PreparedStatement insert = connection.prepareStatement(sql)) {
      insert.setString(1, dims.key);
      for (int i = 0; i < dims.values.length; i++) {
        insert.setString(2 + i, dims.values[i]);
      }
      insert.setString(2 + dims.values.length, dims.extra);
      try (ResultSet results = insert.executeQuery()) {
        results.next();
        long id = results.getLong(1);
        known.put(dims.key, id);
        return id;
      }
    }
  }

  /** Forgets ids that a transaction which failed may have made. */
  void rolledBack() {
    known.clear();
  }

  @SuppressWarnings("ArrayRecordComponent") // local carrier, never compared
  private record Dims(String key, String[] values, String extra, List<LedgerRow> rows) {}

  private record Slot(Grain grain, long period, long dim) implements Comparable<Slot> {
    @Override
    public int compareTo(Slot that) {
      int byGrain = grain.compareTo(that.grain);
      int byPeriod = byGrain != 0 ? byGrain : Long.compare(period, that.period);
      return byPeriod != 0 ? byPeriod : Long.compare(dim, that.dim);
    }
  }

  private static final class Sums {
    private final long[] sums = new long[SUMS.size()];
    private final long[] buckets = new long[LatencyBuckets.COUNT];

    void add(LedgerRow row) {
      for (int i = 0; i < MEASURES.length; i++) {
        sums[i] = Math.addExact(sums[i], MEASURES[i].of(row));
      }
      for (int i = 0; i < METERS.length; i++) {
        sums[MEASURES.length + i] += row.usage().of(METERS[i]);
      }
      buckets[LatencyBuckets.of(row.times().latencyNanos())]++;
    }
  }
}
