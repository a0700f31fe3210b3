package io.penstock.ledger.focus;

import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.statement.Statements;
import java.math.BigDecimal;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes the chargeback view say what the statements say: the usage of a month that was closed sums
 * to what was issued, and what came later is a correction in the month whose statement bills it.
 */
final class FocusIssued {
  private final Statements statements;

  FocusIssued(Statements statements) {
    this.statements = statements;
  }

  /**
   * Refuses terms with which the lines of a closed month would not sum to what was issued.
   *
   * @throws IllegalArgumentException naming the month and its terms
   */
  void requireTerms(long from, long to) {
    for (YearMonth month : statements.closed().keySet()) {
      long start = Statements.start(month);
      long end = Statements.start(month.plusMonths(1));
      if (start < to && end > from) {
        statements.requireIssuedTerms(month, start >= from && end <= to);
      }
    }
  }

  /** Returns the lines to add to those of the rows of that period. A month it cuts has none. */
  List<FocusLine> of(FocusUsage usage, long from, long to) {
    List<FocusLine> lines = new ArrayList<>();
    if (statements.closed().isEmpty()) {
      return lines; // nothing was issued that could be corrected
    }
    for (YearMonth month : statements.closed().keySet()) {
      if (Statements.start(month) >= from && Statements.start(month.plusMonths(1)) <= to) {
        later(month, usage, lines);
        corrections(month, lines);
      }
    }
    YearMonth next = statements.closed().lastKey().plusMonths(1);
    if (Statements.start(next) >= from && Statements.start(next) < to) {
      corrections(next, lines);
    }
    return lines;
  }

  private void later(YearMonth month, FocusUsage usage, List<FocusLine> lines) {
    TreeMap<String, BigDecimal> surplus = new TreeMap<>(usage.of(month));
    statements
        .issuedUsage(month)
        .forEach(
            (team, issued) -> surplus.merge(team, NanoUsd.toUsd(issued).negate(), BigDecimal::add));
    for (Map.Entry<String, BigDecimal> team : surplus.entrySet()) {
      if (team.getValue().signum() != 0) {
        lines.add(
            line(
                FocusLine.Kind.LATER,
                month,
                team.getKey(),
                "came after the month was closed: billed by a later statement",
                team.getValue().negate()));
      }
    }
  }

  private void corrections(YearMonth month, List<FocusLine> lines) {
    statements
        .corrections(month)
        .forEach(line ->
            lines.add(
                line(
                    FocusLine.Kind.CORRECTION,
                    month,
                    line.team(),
                    "correction of " + line.description(),
                    NanoUsd.toUsd(line.amount()))));
  }

  private static FocusLine line(
      FocusLine.Kind kind, YearMonth month, String team, String reason, BigDecimal usd) {
    return FocusLine.monthly(kind, Statements.start(month), team, reason, usd, null);
  }
}
