package io.penstock.ledger.focus;

import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.statement.StatementTerms;
import io.penstock.ledger.statement.Statements;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Shared costs of each month, split over the teams by their usage as statements split them. */
final class FocusShared {
  private static final long DAY_MILLIS = 86_400_000;

  private FocusShared() {}

  /**
   * Refuses a period that cuts a month.
   *
   * @throws IllegalArgumentException naming the period
   */
  static void requireWholeMonths(long from, long to) {
    if (start(month(from)) != from || start(month(to)) != to) {
      throw new IllegalArgumentException(
          "shared costs from "
              + Instant.ofEpochMilli(from)
              + " to "
              + Instant.ofEpochMilli(to)
              + " (expected: whole months, because they are amounts per month)");
    }
  }

  /** Returns a line per month, cost and team. */
  static List<FocusLine> of(List<FocusLine> usage, List<StatementTerms.Shared> costs) {
    List<FocusLine> lines = new ArrayList<>();
    weights(usage)
        .forEach((month, teams) -> {
          BigDecimal all =
              teams.values().stream()
                  .map(usd -> usd.max(BigDecimal.ZERO))
                  .reduce(BigDecimal.ZERO, BigDecimal::add);
          TreeMap<String, Long> nanos = new TreeMap<>();
          // Lines of a team sum to its rows, which are whole nanos.
          teams.forEach((team, usd) -> nanos.put(team, usd.movePointRight(9).longValueExact()));
          for (StatementTerms.Shared cost : costs) {
            Statements.split(cost.amount(), nanos)
                .forEach((team, part) -> {
                  if (part != 0) {
                    BigDecimal ratio =
                        teams
                            .getOrDefault(team, BigDecimal.ZERO)
                            .divide(all, MathContext.DECIMAL64);
                    FocusLine.Allocation allocation =
                        new FocusLine.Allocation(ratio, nanos.getOrDefault(team, 0L));
                    lines.add(line(month, team, cost.name(), part, allocation));
                  }
                });
          }
        });
    return lines;
  }

  private static FocusLine line(
      YearMonth month, String team, String name, long part, FocusLine.Allocation allocation) {
    FocusLine line =
        new FocusLine(
            new FocusLine.Key(
                start(month),
                "",
                "",
                null,
                "standard",
                "",
                null,
                "",
                new FocusLine.Owner(team, "", "", Map.of()),
                "configured",
                name),
            allocation);
    line.charge(NanoUsd.toUsd(part));
    return line;
  }

  private static Map<YearMonth, Map<String, BigDecimal>> weights(List<FocusLine> usage) {
    Map<YearMonth, Map<String, BigDecimal>> weights = new TreeMap<>();
    for (FocusLine line : usage) {
      weights
          .computeIfAbsent(month(line.key().day()), key -> new TreeMap<>())
          .merge(line.key().owner().team(), line.contracted(), BigDecimal::add);
    }
    return weights;
  }

  private static YearMonth month(long millis) {
    return YearMonth.from(Instant.ofEpochMilli(millis).atZone(ZoneOffset.UTC));
  }

  private static long start(YearMonth month) {
    return month.atDay(1).toEpochDay() * DAY_MILLIS;
  }
}
