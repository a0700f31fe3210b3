package io.penstock.ledger;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The ids of dimension sets, those used lately kept in memory. Most rows repeat a set that was seen
 * before, so what is looked up is the row's own texts, not a text made of them. Confined to the
 * ledger thread.
 */
final class DimIds {
  private static final int MAX_KNOWN = 100_000;

  /** Bytes of UTF-8; PostgreSQL indexes no text of over 2,704, and clients say some of it. */
  private static final int MAX_KEY = 1024;

  private final List<String> extras;

  private final Map<Asked, Ids> known =
      new LinkedHashMap<>(1024, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Asked, Ids> eldest) {
          return size() > MAX_KNOWN;
        }
      };

  DimIds(List<String> extras) {
    this.extras = extras;
  }

  /**
   * The two sets of a row.
   *
   * @param whole of all dimensions
   * @param bare of those that bare sums keep
   */
  record Ids(long whole, long bare) {
    long of(Grain grain) {
      return grain.isBare() ? bare : whole;
    }
  }

  /** Returns the ids of a row's sets; makes those that the database does not have yet. */
  Ids of(Connection connection, LedgerRow row) throws SQLException {
    Asked asked = asked(row);
    Ids cached = known.get(asked);
    if (cached == null) {
      cached = new Ids(id(connection, row, true), id(connection, row, false));
      known.put(asked, cached);
    }
    return cached;
  }

  private Asked asked(LedgerRow row) {
    LedgerRow.Caller caller = row.caller();
    LedgerRow.Destination to = row.destination();
    LedgerRow.Outcome outcome = row.outcome();
    return new Asked(
        caller.team(),
        caller.app(),
        caller.user(),
        caller.key(),
        to.model(),
        to.provider(),
        to.endpoint(),
        to.route(),
        outcome.status(),
        outcome.cache(),
        row.attempt().cause(),
        outcome.waste(),
        extras.isEmpty()
            ? List.of()
            : extras.stream().map(name -> Dimension.extra(name, row)).toList());
  }

  /** What {@link Dimension#ROLLED} and the further dimensions say of a row. */
  private record Asked(
      String team,
      String app,
      String user,
      String key,
      String model,
      String provider,
      String endpoint,
      String route,
      int status,
      CacheOutcome cache,
      Cause cause,
      Waste waste,
      List<String> extras) {}

  private long id(Connection connection, LedgerRow row, boolean whole) throws SQLException {
    String[] values = new String[Dimension.ROLLED.size()];
    StringBuilder key = new StringBuilder();
    for (int i = 0; i < values.length; i++) {
      Dimension dimension = Dimension.ROLLED.get(i);
      boolean kept = whole || !RollupTable.NOT_BARE.contains(dimension);
      values[i] = kept ? RowColumns.withoutNul(dimension.of(row)) : "";
      key.append(values[i]).append('\u001f');
    }
    TreeMap<String, String> extra = new TreeMap<>();
    if (whole) {
      for (String name : extras) {
        extra.put(name, RowColumns.withoutNul(Dimension.extra(name, row)));
      }
    }
    String json = RowColumns.json(extra);
    return id(connection, indexable(key.append(json).toString()), values, json);
  }

  /** Returns a long key's hash in its place: a set is found by what fits an index. */
  private static String indexable(String key) {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= MAX_KEY) {
      return key;
    }
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      return "sha256:" + HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static long id(Connection connection, String key, String[] values, String extra)
      throws SQLException {
    String columns =
        Dimension.ROLLED.stream().map(Dimension::column).collect(Collectors.joining(", "));
    String sql =
        "INSERT INTO dim (dim_key, "
            + columns
            + ", extra) VALUES (?"
            + ", ?".repeat(values.length + 1)
            + ") ON CONFLICT (dim_key) DO UPDATE SET dim_key = excluded.dim_key RETURNING id";
    try (PreparedStatement insert = connection.prepareStatement(sql)) {
      insert.setString(1, key);
      for (int i = 0; i < values.length; i++) {
        insert.setString(2 + i, values[i]);
      }
      insert.setString(2 + values.length, extra);
      try (ResultSet results = insert.executeQuery()) {
        results.next();
        return results.getLong(1);
      }
    }
  }

  /** Forgets what a transaction that failed may have made. */
  void rolledBack() {
    known.clear();
  }
}
