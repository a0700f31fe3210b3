package io.penstock.ledger;

import io.penstock.core.price.Meter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Hourly, daily and monthly sums by dimension, and latency histograms beside them. A batch is
 * summed in memory; then only sums that are not 0 are sent, because with many subjects most slots
 * of a batch hold one row. Bare sums leave out who called (app, user, key, further dimensions).
 */
final class RollupTable {
  private static final int MAX_KNOWN = 100_000;
  private static final Measure[] MEASURES = Measure.values();
  private static final Meter[] METERS = Meter.values();
  private static final List<String> SUMS =
      Stream.concat(
              Stream.of(MEASURES).map(Measure::label), Stream.of(METERS).map(Schema::meterColumn))
          .toList();

  /** Dimensions that bare sums leave out. */
  static final Set<Dimension> NOT_BARE = Set.of(Dimension.APP, Dimension.USER, Dimension.KEY);

  private final List<String> extras;

  /** Ids of dimension sets that were used lately. */
  private final Map<String, Long> known =
      new LinkedHashMap<>(1024, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > MAX_KNOWN;
        }
      };

  private final Set<Meter> knownMeters = EnumSet.noneOf(Meter.class);

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
                String.format("%1$s = COALESCE(%2$s.%1$s, 0) + excluded.%1$s", column, table))
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
    Map<Slot, Sums> slots = new HashMap<>();
    Set<Meter> meters = EnumSet.noneOf(Meter.class);
    for (LedgerRow row : rows) {
      long whole = id(connection, dims(row, true));
      long coarse = id(connection, dims(row, false));
      for (Grain grain : Grain.values()) {
        Slot slot =
            new Slot(grain, grain.floor(row.times().endedAt()), grain.isBare() ? coarse : whole);
        slots.computeIfAbsent(slot, key -> new Sums()).add(row, meters);
      }
    }
    remember(connection, meters);
    writeSums(connection, slots);
    writeBuckets(connection, slots);
  }

  private void remember(Connection connection, Set<Meter> meters) throws SQLException {
    meters.removeAll(knownMeters);
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO used_meter (name) VALUES (?) ON CONFLICT (name) DO NOTHING")) {
      for (Meter meter : meters) {
        insert.setString(1, meter.label());
        insert.executeUpdate();
      }
    }
    knownMeters.addAll(meters);
  }

  /** One statement per set of columns that are not 0; real traffic has a handful of such sets. */
  private static void writeSums(Connection connection, Map<Slot, Sums> slots) throws SQLException {
    Map<BitSet, List<Map.Entry<Slot, Sums>>> byColumns = new HashMap<>();
    for (Map.Entry<Slot, Sums> slot : slots.entrySet()) {
      byColumns.computeIfAbsent(slot.getValue().used(), key -> new ArrayList<>()).add(slot);
    }
    for (Map.Entry<BitSet, List<Map.Entry<Slot, Sums>>> group : byColumns.entrySet()) {
      int[] columns = group.getKey().stream().toArray();
      List<String> names = Arrays.stream(columns).mapToObj(SUMS::get).toList();
      try (PreparedStatement upsert = connection.prepareStatement(upsert("rollup", names))) {
        for (Map.Entry<Slot, Sums> slot : group.getValue()) {
          slot.getKey().bind(upsert);
          for (int i = 0; i < columns.length; i++) {
            upsert.setLong(4 + i, slot.getValue().sums[columns[i]]);
          }
          upsert.addBatch();
        }
        upsert.executeBatch();
      }
    }
  }

  private static void writeBuckets(Connection connection, Map<Slot, Sums> slots)
      throws SQLException {
    for (int bucket = 0; bucket < LatencyBuckets.COUNT; bucket++) {
      int at = bucket;
      List<Map.Entry<Slot, Sums>> used =
          slots.entrySet().stream().filter(slot -> slot.getValue().buckets[at] != 0).toList();
      if (used.isEmpty()) {
        continue;
      }
      try (PreparedStatement upsert =
          connection.prepareStatement(upsert("rollup_latency", List.of("l" + bucket)))) {
        for (Map.Entry<Slot, Sums> slot : used) {
          slot.getKey().bind(upsert);
          upsert.setLong(4, slot.getValue().buckets[bucket]);
          upsert.addBatch();
        }
        upsert.executeBatch();
      }
    }
  }

  private Dims dims(LedgerRow row, boolean whole) {
    String[] values = new String[Dimension.ROLLED.size()];
    StringBuilder key = new StringBuilder();
    for (int i = 0; i < values.length; i++) {
      Dimension dimension = Dimension.ROLLED.get(i);
      values[i] = whole || !NOT_BARE.contains(dimension) ? clean(dimension.of(row)) : "";
      key.append(values[i]).append('\u001f');
    }
    TreeMap<String, String> extra = new TreeMap<>();
    if (whole) {
      for (String name : extras) {
        extra.put(name, clean(Dimension.extra(name, row)));
      }
    }
    String json = extra.isEmpty() ? "{}" : RowTable.json(extra);
    return new Dims(key.append(json).toString(), values, json);
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

  /** Forgets what a transaction that failed may have made. */
  void rolledBack() {
    known.clear();
    knownMeters.clear();
  }

  @SuppressWarnings("ArrayRecordComponent") // local carrier, never compared
  private record Dims(String key, String[] values, String extra) {}

  private record Slot(Grain grain, long period, long dim) {
    void bind(PreparedStatement statement) throws SQLException {
      statement.setInt(1, grain.ordinal());
      statement.setLong(2, period);
      statement.setLong(3, dim);
    }
  }

  private static final class Sums {
    private final long[] sums = new long[SUMS.size()];
    private final long[] buckets = new long[LatencyBuckets.COUNT];

    void add(LedgerRow row, Set<Meter> meters) {
      for (int i = 0; i < MEASURES.length; i++) {
        sums[i] = Math.addExact(sums[i], MEASURES[i].of(row));
      }
      for (int i = 0; i < METERS.length; i++) {
        long quantity = row.usage().of(METERS[i]);
        if (quantity != 0) {
          sums[MEASURES.length + i] += quantity;
          meters.add(METERS[i]);
        }
      }
      buckets[LatencyBuckets.of(row.times().latencyNanos())]++;
    }

    /** Returns which sums are not 0; the count of calls always is one. */
    BitSet used() {
      BitSet used = new BitSet(sums.length);
      for (int i = 0; i < sums.length; i++) {
        used.set(i, i == 0 || sums[i] != 0);
      }
      return used;
    }
  }
}
