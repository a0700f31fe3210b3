package io.penstock.ledger.report;

import io.penstock.ledger.LedgerQueries;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.Measure;
import io.penstock.ledger.SpendLine;
import io.penstock.ledger.SpendQuery;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether the rows of a period are all there. Roll-ups outlive rows ({@code ledger.retain}), so
 * what is summed from deleted rows is silently too little. Rows are deleted in the order in which
 * they ended: when the first day that has any is whole, all are.
 */
public final class KeptRows {
  private static final long DAY_MILLIS = 86_400_000;

  private long calls;
  private long cost;

  private KeptRows() {}

  /**
   * Refuses a period of which rows have been deleted. Blocks; reads the rows of one day.
   *
   * @param from epoch milliseconds, as {@code to}, which is excluded
   * @param provider whose rows matter; null for all
   * @throws IllegalArgumentException when some are deleted; it names the first such day (UTC)
   */
  public static void require(LedgerQueries ledger, long from, long to, @Nullable String provider) {
    Map<String, String> filter = provider == null ? Map.of() : Map.of("provider", provider);
    // Before the rows: what comes in between is in them alone.
    Optional<SpendLine> first =
        ledger.spend(new SpendQuery(List.of("day"), from, to, filter, false)).lines().stream()
            .min(Comparator.comparing(line -> line.key().getFirst()));
    if (first.isEmpty()) {
      return;
    }
    String day = first.get().key().getFirst();
    long begin = LocalDate.parse(day).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
    KeptRows kept = new KeptRows();
    ledger.rows(
        Math.max(from, begin),
        Math.min(to, begin + DAY_MILLIS),
        row -> {
          if (provider == null || row.destination().provider().equals(provider)) {
            kept.add(row);
          }
        });
    long rolled = first.get().of(Measure.CALLS);
    boolean sameCost = first.get().of(Measure.COST) == kept.cost;
    if (rolled > kept.calls || (rolled == kept.calls && !sameCost)) {
      throw new IllegalArgumentException(
          day
              + ": rows of that day are deleted (expected: a period whose rows are all kept;"
              + " ledger.retain says how long)");
    }
  }

  private void add(LedgerRow row) {
    calls += row.attempt().isBooking() ? 0 : 1;
    cost = Math.addExact(cost, row.money().cost());
  }
}
