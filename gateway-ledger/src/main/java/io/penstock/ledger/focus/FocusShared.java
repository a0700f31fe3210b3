package io.penstock.ledger.focus;

import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.statement.StatementTerms;
import io.penstock.ledger.statement.Statements;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Instant;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Shared costs of each month, split over the teams by their usage as statements split them. */
final class FocusShared {
  private FocusShared() {}

  /**
   * Refuses a period that cuts a month.
   *
   * @throws IllegalArgumentException naming the period
   */
  static void requireWholeMonths(long from, long to) {
    if (Statements.start(Statements.month(from)) != from
        || Statements.start(Statements.month(to)) != to) {
      throw new IllegalArgumentException(
          "shared costs from "
              + Instant.ofEpochMilli(from)
              + " to "
              + Instant.ofEpochMilli(to)
              + " (expected: whole months, because they are amounts per month)");
    }
  }

  /** Returns a line per month, cost and team; what nobody's usage splits has no team. */
  static List<FocusLine> of(
      FocusUsage usage, List<StatementTerms.Shared> costs, long from, long to) {
    List<FocusLine> lines = new ArrayList<>();
    YearMonth end = Statements.month(to);
    for (YearMonth month = Statements.month(from);
        month.isBefore(end);
        month = month.plusMonths(1)) {
      Map<String, BigDecimal> teams = usage.of(month);
      for (StatementTerms.Shared cost : costs) {
        split(month, cost, teams, lines);
      }
    }
    return lines;
  }

  private static void split(
      YearMonth month,
      StatementTerms.Shared cost,
      Map<String, BigDecimal> teams,
      List<FocusLine> lines) {
    BigDecimal all =
        teams.values().stream()
            .map(usd -> usd.max(BigDecimal.ZERO))
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    TreeMap<String, Long> nanos = new TreeMap<>();
    // Lines of a team sum to its rows, which are whole nanos.
    teams.forEach((team, usd) -> nanos.put(team, usd.movePointRight(9).longValueExact()));
    Statements.split(cost.amount(), nanos)
        .forEach((team, part) -> {
          BigDecimal ratio =
              all.signum() == 0
                  ? BigDecimal.ONE
                  : teams.getOrDefault(team, BigDecimal.ZERO).divide(all, MathContext.DECIMAL64);
          lines.add(
              FocusLine.monthly(
                  FocusLine.Kind.SHARED,
                  Statements.start(month),
                  team,
                  cost.name(),
                  NanoUsd.toUsd(part),
                  new FocusLine.Allocation(ratio, nanos.getOrDefault(team, 0L))));
        });
  }
}
