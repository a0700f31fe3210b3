package io.penstock.ledger.focus;

import io.penstock.ledger.statement.Statements;
import java.math.BigDecimal;
import java.time.YearMonth;
import java.util.Map;
import java.util.TreeMap;

/** What teams used by month, USD: all that has to be known of the lines that are written. */
final class FocusUsage {
  private final Map<YearMonth, Map<String, BigDecimal>> months = new TreeMap<>();

  void add(FocusLine line) {
    if (line.key().kind() != FocusLine.Kind.CORRECTION) { // another month's usage
      months
          .computeIfAbsent(Statements.month(line.key().day()), month -> new TreeMap<>())
          .merge(line.key().owner().team(), line.contracted(), BigDecimal::add);
    }
  }

  /** Returns a month's by team. */
  Map<String, BigDecimal> of(YearMonth month) {
    return months.getOrDefault(month, Map.of());
  }
}
