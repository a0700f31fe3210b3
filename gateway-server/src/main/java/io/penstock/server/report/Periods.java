package io.penstock.server.report;

import io.penstock.ledger.SpendQuery;
import io.penstock.server.admin.AdminRequest;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Periods as people write them: a day, a month, an instant; UTC. */
public final class Periods {
  /** More dimensions than anybody can read; a database has a bound of its own. */
  private static final int MAX_DIMENSIONS = 32;

  /** The start of the year 10000, which texts of four digits cannot say. */
  private static final long LAST = millis(LocalDate.of(10_000, 1, 1));

  private Periods() {}

  /**
   * Returns the query that a request to the admin port means: {@code from}, {@code to}, and {@code
   * where=team:support}, once for each dimension that is fixed; {@code (none)} is what has no
   * value.
   *
   * @param by dimensions, separated by commas
   * @throws IllegalArgumentException with the value and the expectation
   */
  public static SpendQuery query(AdminRequest request, String by) {
    SpendQuery all = query(by, request.parameter("from"), request.parameter("to"));
    return new SpendQuery(all.by(), all.from(), all.to(), where(request), all.latency());
  }

  /**
   * Returns the same of a search for rows, which has all of them where no period is named; null
   * when nothing is asked.
   *
   * @throws IllegalArgumentException with the value and the expectation
   */
  public static @Nullable SpendQuery search(AdminRequest request) {
    String from = request.parameter("from");
    String to = request.parameter("to");
    Map<String, String> where = where(request);
    if (from == null && to == null && where.isEmpty()) {
      return null;
    }
    return new SpendQuery(
        List.of(),
        from == null ? 0 : parse("from", from, false),
        to == null ? LAST : parse("to", to, true),
        where,
        false);
  }

  private static Map<String, String> where(AdminRequest request) {
    Map<String, String> where = new HashMap<>();
    for (String text : request.query().getOrDefault("where", List.of())) {
      int colon = text.indexOf(':');
      if (colon < 1) {
        throw new IllegalArgumentException(
            "where: " + text + " (expected: DIMENSION:VALUE such as team:support)");
      }
      String name = text.substring(0, colon);
      String value = value("where: " + name, text.substring(colon + 1));
      if (where.put(name, value) != null) {
        throw new IllegalArgumentException("where: " + name + " (expected: each one once)");
      }
    }
    requireFew("where", where.size());
    return where;
  }

  /**
   * Returns what rows have where a request asks for that value: {@code (none)} is none.
   *
   * @throws IllegalArgumentException where no row can have it: the ledger keeps no NUL, and
   *     PostgreSQL takes none in a query
   */
  public static String value(String parameter, String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          parameter + ": NUL (expected: a value that rows can have)");
    }
    return text.equals("(none)") ? "" : text;
  }

  /**
   * Returns the query of a report.
   *
   * @param by dimensions, separated by commas
   * @param from the first day, month or instant; null: the start of this month
   * @param to the last day or month (whole), or an instant; null: now and a day
   * @throws IllegalArgumentException with the value and the expectation
   */
  public static SpendQuery query(String by, @Nullable String from, @Nullable String to) {
    List<String> dimensions = by.isBlank() ? List.of() : List.of(by.replace(" ", "").split(","));
    requireFew("by", dimensions.size());
    requireOnce("by", by, dimensions);
    long start =
        from == null
            ? YearMonth.now(ZoneOffset.UTC)
                .atDay(1)
                .atStartOfDay(ZoneOffset.UTC)
                .toInstant()
                .toEpochMilli()
            : parse("from", from, false);
    long end =
        to == null
            ? LocalDate.now(ZoneOffset.UTC)
                .plusDays(1)
                .atStartOfDay(ZoneOffset.UTC)
                .toInstant()
                .toEpochMilli()
            : parse("to", to, true);
    return new SpendQuery(dimensions, start, end, Map.of(), true);
  }

  private static void requireFew(String name, int dimensions) {
    if (dimensions > MAX_DIMENSIONS) {
      throw new IllegalArgumentException(
          name + ": " + dimensions + " dimensions (expected: at most " + MAX_DIMENSIONS + ")");
    }
  }

  private static void requireOnce(String name, String text, List<String> values) {
    if (Set.copyOf(values).size() < values.size()) {
      throw new IllegalArgumentException(name + ": " + text + " (expected: each one once)");
    }
  }

  private static long parse(String name, String text, boolean wholeUnit) {
    long millis = millis(name, text, wholeUnit);
    if (millis < 0 || millis > LAST) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: a time in the years 1970 to 9999)");
    }
    return millis;
  }

  private static long millis(String name, String text, boolean wholeUnit) {
    try {
      if (text.length() == 7) {
        YearMonth month = YearMonth.parse(text);
        return millis((wholeUnit ? month.plusMonths(1) : month).atDay(1));
      }
      if (text.length() == 10) {
        LocalDate day = LocalDate.parse(text);
        return millis(wholeUnit ? day.plusDays(1) : day);
      }
      return Instant.parse(text).toEpochMilli();
    } catch (DateTimeException | ArithmeticException e) {
      throw new IllegalArgumentException(
          name
              + ": "
              + text
              + " (expected: a day such as 2026-11-21, a month such as 2026-11, or an instant such"
              + " as 2026-11-21T12:00:00Z)");
    }
  }

  /** Returns the start of a day, epoch milliseconds. */
  public static long day(String name, String text) {
    return parse(name, text, false);
  }

  private static long millis(LocalDate day) {
    return day.atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
  }
}
