package io.penstock.ledger;

import io.penstock.core.price.Meter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Hourly, daily and monthly sums by dimension, and latency histograms beside them. A batch is
 * summed in memory; then only sums that are not 0 are sent, because with many subjects most slots
 * of a batch hold one row. Bare sums leave out who called (app, user, key, further dimensions).
 */
final class RollupTable {
  private static final Measure[] MEASURES = Measure.STORED.toArray(Measure[]::new);
  private static final Meter[] METERS = Meter.values();
  private static final List<String> SUMS =
      Stream.concat(
              Stream.of(MEASURES).map(Measure::label),
              Stream.of(METERS).map(RowColumns::meterColumn))
          .toList();

  /** Dimensions that bare sums leave out. */
  static final Set<Dimension> NOT_BARE = Set.of(Dimension.APP, Dimension.USER, Dimension.KEY);

  private final List<String> extras;
  private final DimIds dims;

  private final Set<Meter> knownMeters = EnumSet.noneOf(Meter.class);

  RollupTable(List<String> extras) {
    this.extras = extras.stream().sorted().toList();
    this.dims = new DimIds(this.extras);
  }

  /** Returns whether bare sums lack that dimension. */
  static boolean isCaller(String name) {
    Dimension dimension = Dimension.named(name);
    return dimension != null && NOT_BARE.contains(dimension);
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
   * @param since 0 for a ledger that has no roll-ups yet
   * @return how many are new
   */
  int announce(Connection connection, long since) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO rollup_extra (name, since) VALUES (?, ?) ON CONFLICT (name) DO NOTHING")) {
      int fresh = 0;
      for (String extra : extras) {
        insert.setString(1, extra);
        insert.setLong(2, since);
        fresh += insert.executeUpdate();
      }
      return fresh;
    }
  }

  /**
   * Ends all further dimensions but those of this process: what it writes lacks them, so that one
   * that is rolled up again later is so from then on.
   *
   * @return how many
   */
  int endOthers(Connection connection) throws SQLException {
    String but =
        extras.isEmpty() ? "" : " WHERE name NOT IN (?" + ", ?".repeat(extras.size() - 1) + ")";
    try (PreparedStatement delete = connection.prepareStatement("DELETE FROM rollup_extra" + but)) {
      for (int i = 0; i < extras.size(); i++) {
        delete.setString(i + 1, extras.get(i));
      }
      return delete.executeUpdate();
    }
  }

  /** Adds rows that were inserted in the same transaction. */
  void add(Connection connection, List<LedgerRow> rows) throws SQLException {
    Map<Alike, Sums> hours = new HashMap<>();
    Set<Meter> meters = EnumSet.noneOf(Meter.class);
    for (LedgerRow row : rows) {
      Alike alike = new Alike(Grain.HOUR.floor(row.times().endedAt()), dims.of(connection, row));
      hours.computeIfAbsent(alike, key -> new Sums()).add(row, meters);
    }
    Map<Slot, Sums> slots = new HashMap<>();
    hours.forEach((alike, sums) -> {
      for (Grain grain : Grain.values()) {
        Slot slot = new Slot(grain, grain.floor(alike.hour), alike.dims.of(grain));
        slots.computeIfAbsent(slot, key -> new Sums()).add(sums);
      }
    });
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

  /** Forgets what a transaction that failed may have made. */
  void rolledBack() {
    dims.rolledBack();
    knownMeters.clear();
  }

  /** Rows of one hour that all grains sum alike. */
  private record Alike(long hour, DimIds.Ids dims) {}

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

    void add(Sums other) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] = Math.addExact(sums[i], other.sums[i]);
      }
      for (int i = 0; i < buckets.length; i++) {
        buckets[i] += other.buckets[i];
      }
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
