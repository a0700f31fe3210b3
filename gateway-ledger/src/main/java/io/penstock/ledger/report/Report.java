package io.penstock.ledger.report;

import io.penstock.ledger.LedgerQueries;
import io.penstock.ledger.Measure;
import io.penstock.ledger.Spend;
import io.penstock.ledger.SpendLine;
import io.penstock.ledger.SpendQuery;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Spend by dimension, and what follows from it. Money is nano-USD.
 *
 * @param query what was asked
 * @param spend the sums
 * @param wasteByCause cost that bought nothing, by cause
 * @param ownedShare share of the cost, 0..1, that has a team, and a user or app; 1 when nothing was
 *     spent
 * @param movers the keys of the lines whose cost changed most against the period before: as many
 *     months where the period is whole months, else one of the same length
 * @param forecast the cost of this whole month at its pace so far; null when the period does not
 *     touch the present month
 */
public record Report(
    SpendQuery query,
    Spend spend,
    Map<String, Long> wasteByCause,
    double ownedShare,
    List<Mover> movers,
    @Nullable Forecast forecast) {
  private static final int MOVERS = 5;
  private static final long DAY_MILLIS = 86_400_000;

  /**
   * A change of cost.
   *
   * @param key the values of the dimensions
   */
  public record Mover(List<String> key, long before, long now) {
    /** Returns how much more it costs now; negative: less. */
    public long change() {
      return now - before;
    }
  }

  /**
   * The month at its pace so far.
   *
   * @param spent in the month until now
   * @param month expected at its end: spent, and the daily mean of the last seven days (or of the
   *     month, while it is younger) for the days that are left
   */
  public record Forecast(long spent, long month) {}

  /** Asks the ledger. Blocks. */
  public static Report of(LedgerQueries ledger, SpendQuery query, Instant now) {
    return of(ledger, query, now, true);
  }

  /** Does the same; without movers the period before need not be read. */
  public static Report of(LedgerQueries ledger, SpendQuery query, Instant now, boolean movers) {
    Spend spend = ledger.spend(query);
    return new Report(
        query,
        spend,
        waste(ledger, query),
        ownedShare(ledger, query, spend.total().of(Measure.COST)),
        movers ? movers(ledger, query, spend) : List.of(),
        forecast(ledger, query, now));
  }

  /** Returns this report with no more than that many lines, and the others as their rest. */
  public Report dearest(int lines) {
    return with(spend.dearest(lines));
  }

  /** Returns this report with only the lines that have that text in a value of theirs. */
  public Report matching(String text) {
    return with(spend.matching(text));
  }

  private Report with(Spend lines) {
    return new Report(query, lines, wasteByCause, ownedShare, movers, forecast);
  }

  private static SpendQuery regroup(SpendQuery query, List<String> by) {
    return new SpendQuery(by, query.from(), query.to(), query.where(), false);
  }

  private static Map<String, Long> waste(LedgerQueries ledger, SpendQuery query) {
    Map<String, Long> waste = new LinkedHashMap<>();
    for (SpendLine line : ledger.spend(regroup(query, List.of("waste"))).lines()) {
      if (line.of(Measure.WASTED) != 0) {
        waste.put(line.key().getFirst(), line.of(Measure.WASTED));
      }
    }
    return waste;
  }

  /** By what is not owned, which is little as a rule and so soon read. */
  private static double ownedShare(LedgerQueries ledger, SpendQuery query, long all) {
    long unowned =
        without(ledger, query, "team")
            + without(ledger, query, "user", "app")
            - without(ledger, query, "team", "user", "app");
    return all == 0 ? 1 : (double) (all - unowned) / all;
  }

  /** Returns the cost that has none of these dimensions. */
  private static long without(LedgerQueries ledger, SpendQuery query, String... dimensions) {
    Map<String, String> where = new HashMap<>(query.where());
    for (String dimension : dimensions) {
      if (!where.getOrDefault(dimension, "").isEmpty()) {
        return 0;
      }
      where.put(dimension, "");
    }
    return cost(
        ledger,
        new SpendQuery(List.of(), query.from(), query.to(), where, false),
        query.from(),
        query.to());
  }

  private static List<Mover> movers(LedgerQueries ledger, SpendQuery query, Spend spend) {
    Set<String> periods = Set.of("hour", "day", "month");
    long start = before(query);
    if (query.by().isEmpty() || query.by().stream().anyMatch(periods::contains) || start < 0) {
      return List.of();
    }
    Spend before =
        ledger.spend(new SpendQuery(query.by(), start, query.from(), query.where(), false));
    Map<List<String>, Long> costs = new LinkedHashMap<>();
    before.lines().forEach(line -> costs.put(line.key(), line.of(Measure.COST)));
    List<Mover> movers = new ArrayList<>();
    Set<List<String>> present = new HashSet<>();
    for (SpendLine line : spend.lines()) {
      present.add(line.key());
      movers.add(new Mover(line.key(), costs.getOrDefault(line.key(), 0L), line.of(Measure.COST)));
    }
    costs.forEach((key, cost) -> {
      if (!present.contains(key)) {
        movers.add(new Mover(key, cost, 0));
      }
    });
    movers.removeIf(mover -> mover.change() == 0);
    movers.sort(Comparator.comparingLong((Mover mover) -> -Math.abs(mover.change())));
    return List.copyOf(movers.subList(0, Math.min(MOVERS, movers.size())));
  }

  /** Returns where the period before starts, which ends where this one starts. */
  private static long before(SpendQuery query) {
    LocalDate from = day(query.from());
    LocalDate to = day(query.to());
    boolean months =
        from.getDayOfMonth() == 1
            && to.getDayOfMonth() == 1
            && query.from() % DAY_MILLIS == 0
            && query.to() % DAY_MILLIS == 0;
    return months
        ? from.minusMonths(ChronoUnit.MONTHS.between(from, to)).toEpochDay() * DAY_MILLIS
        : 2 * query.from() - query.to();
  }

  private static LocalDate day(long millis) {
    return LocalDate.ofInstant(Instant.ofEpochMilli(millis), ZoneOffset.UTC);
  }

  private static @Nullable Forecast forecast(LedgerQueries ledger, SpendQuery query, Instant now) {
    LocalDate first = LocalDate.ofInstant(now, ZoneOffset.UTC).withDayOfMonth(1);
    long start = first.toEpochDay() * DAY_MILLIS;
    long end = first.plusMonths(1).toEpochDay() * DAY_MILLIS;
    long at = now.toEpochMilli();
    if (query.to() <= start || query.from() >= end || at <= start) {
      return null;
    }
    long spent = cost(ledger, query, start, at);
    long since = Math.max(start, at - 7 * DAY_MILLIS);
    double pace = (double) cost(ledger, query, since, at) / (at - since);
    return new Forecast(spent, spent + Math.round(pace * (end - at)));
  }

  private static long cost(LedgerQueries ledger, SpendQuery query, long from, long to) {
    return ledger
        .spend(new SpendQuery(List.of(), from, to, query.where(), false))
        .total()
        .of(Measure.COST);
  }
}
