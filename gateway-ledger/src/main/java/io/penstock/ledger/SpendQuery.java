package io.penstock.ledger;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What to sum and how to group it.
 *
 * @param by dimensions in the order of the key: team, app, user, end_user, key, model, provider,
 *     endpoint, route, session, budget, status, cache, cause, waste, hour, day, month,
 *     metadata.NAME; empty: one total
 * @param from epoch milliseconds, included: rows that ended then or later
 * @param to epoch milliseconds, excluded
 * @param where only rows with these values, by dimension; not hour, day, month, budget
 * @param latency whether percentiles are wanted; they cost a second read
 */
public record SpendQuery(
    List<String> by, long from, long to, Map<String, String> where, boolean latency) {
  private static final Set<String> PERIODS = Set.of("hour", "day", "month");
  private static final String METADATA = "metadata.";
  private static final String NAMES =
      "team, app, user, end_user, key, model, provider, endpoint, route, session, ";
  private static final String MORE = "status, cache, cause, waste, metadata.NAME";
  private static final String GROUPS = NAMES + "budget, day, hour, month, " + MORE;

  public SpendQuery {
    by = List.copyOf(by);
    where = Map.copyOf(where);
    for (String name : by) {
      if (!PERIODS.contains(name) && !name.equals("budget")) {
        requireValue(name, GROUPS);
      }
    }
    where.keySet().forEach(name -> requireValue(name, NAMES + MORE));
    if (from > to) {
      throw new IllegalArgumentException(
          "from is after to: " + Instant.ofEpochMilli(from) + " > " + Instant.ofEpochMilli(to));
    }
  }

  private static void requireValue(String name, String expected) {
    if (name.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "a dimension with a control character (expected: " + expected + ")");
    }
    boolean metadata = name.startsWith(METADATA) && name.length() > METADATA.length();
    if (!metadata && Dimension.named(name) == null) {
      throw new IllegalArgumentException(
          "no such dimension: " + name + " (expected: " + expected + ")");
    }
  }

  /** Returns a query over everything in a period, without percentiles. */
  public static SpendQuery of(long from, long to, String... by) {
    return new SpendQuery(List.of(by), from, to, Map.of(), false);
  }

  static boolean isPeriod(String name) {
    return PERIODS.contains(name);
  }

  static boolean isMetadata(String name) {
    return name.startsWith(METADATA);
  }

  static String metadataName(String name) {
    return name.substring(METADATA.length());
  }
}
