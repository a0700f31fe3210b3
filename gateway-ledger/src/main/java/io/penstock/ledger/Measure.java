package io.penstock.ledger;

import io.penstock.core.Ending;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is summed over rows. Each is defined twice, for the roll-up (in Java, as rows come in) and
 * for reports over rows (in SQL); a test compares them.
 */
public enum Measure {
  /** Attempts, refusals, cache hits; not what only corrects an account. */
  CALLS(
      row -> row.attempt().isBooking() ? 0 : 1,
      "CASE WHEN cause IN ('correction', 'reconciliation') OR cause = 'crash' AND number = 0"
          + " THEN 0 ELSE 1 END"),
  /** Requests of clients: each has a first attempt, or a row that says why it has none. */
  REQUESTS(
      row -> row.attempt().isRequest() ? 1 : 0,
      "CASE WHEN number = 0 AND cause = 'request' OR number = 1 AND cause NOT IN ('shadow',"
          + " 'verify', 'judge', 'embedding', 'correction', 'reconciliation')"
          + " THEN 1 ELSE 0 END"),
  /** Requests that got a whole, successful answer. */
  ANSWERED(
      Measure::answered,
      "CASE WHEN status BETWEEN 200 AND 299 AND ending = 'completed' AND waste = 'none'"
          + " AND cause NOT IN ('shadow', 'verify', 'judge', 'embedding') THEN 1 ELSE 0 END"),
  /** Rows with an error status or without an answer. */
  ERRORS(
      row -> failed(row) ? 1 : 0,
      "CASE WHEN (status >= 400 OR ending IN ('upstream_failed', 'timed_out'))"
          + " AND NOT (cause = 'crash' AND number = 0) THEN 1 ELSE 0 END"),
  /** Answers that needed no call of their own; the gateway's checks of them are none. */
  CACHE_HITS(
      row -> row.outcome().cache().isHit() && !row.attempt().cause().isOverhead() ? 1 : 0,
      "CASE WHEN cache IN ('exact', 'semantic', 'joined', 'replayed')"
          + " AND cause NOT IN ('shadow', 'verify', 'judge', 'embedding') THEN 1 ELSE 0 END"),
  COST(row -> row.money().cost(), "cost"),
  LIST_COST(row -> row.money().list(), "list_cost"),
  BASELINE(row -> row.money().baseline(), "baseline"),
  /** What the gateway saved, overhead not deducted. */
  SAVED(row -> row.money().saved(), "saved"),
  /** What the gateway's choices cost more. */
  PREMIUM(row -> row.money().premium(), "premium"),
  /** Cost of calls that the gateway made for itself. */
  OVERHEAD(
      row -> row.attempt().cause().isOverhead() ? row.money().cost() : 0,
      "CASE WHEN cause IN ('shadow', 'verify', 'judge', 'embedding') THEN cost ELSE 0 END"),
  /** Cost of attempts that bought nothing. */
  WASTED(
      row -> row.outcome().waste() == Waste.NONE ? 0 : row.money().cost(),
      "CASE WHEN waste = 'none' THEN 0 ELSE cost END"),
  /** Cost that rests on an estimate. */
  ESTIMATED(
      row -> row.usageSource() == UsageSource.ESTIMATED ? row.money().cost() : 0,
      "CASE WHEN usage_source = 'estimated' THEN cost ELSE 0 END"),
  LATENCY_NS(row -> row.times().latencyNanos(), "latency_ns"),
  /** The part of {@link #SAVED} that is the cache's; the rest is routing's. */
  CACHE_SAVED(
      row -> row.outcome().cache().saves() ? row.money().saved() : 0,
      "CASE WHEN cache IN ('exact', 'semantic', 'joined', 'replayed', 'partial') THEN saved"
          + " ELSE 0 END",
      "CASE WHEN d.cache IN ('exact', 'semantic', 'joined', 'replayed', 'partial') THEN s.saved"
          + " ELSE 0 END"),
  /** The part of {@link #OVERHEAD} that the cache needed; the rest is routing's. */
  CACHE_OVERHEAD(
      row -> row.attempt().cause().isForCache() ? row.money().cost() : 0,
      "CASE WHEN cause IN ('verify', 'embedding') THEN cost ELSE 0 END",
      "CASE WHEN d.cause IN ('verify', 'embedding') THEN s.cost ELSE 0 END");

  /** Those that roll-ups have columns for; the others follow from a dimension that they have. */
  static final List<Measure> STORED =
      Stream.of(values()).filter(measure -> measure.slotSql == null).toList();

  @SuppressWarnings("ImmutableEnumChecker") // a method reference without state
  private final ToLongFunction<LedgerRow> value;

  private final String rowSql;
  private final @Nullable String slotSql;

  Measure(ToLongFunction<LedgerRow> value, String rowSql) {
    this(value, rowSql, null);
  }

  /**
   * One without a column of its own: what it is of a slot {@code s} of the dimensions {@code d}.
   */
  Measure(ToLongFunction<LedgerRow> value, String rowSql, @Nullable String slotSql) {
    this.value = value;
    this.rowSql = rowSql;
    this.slotSql = slotSql;
  }

  long of(LedgerRow row) {
    return value.applyAsLong(row);
  }

  /** Returns the name in reports, and the column in roll-ups that have one. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  String rowSql() {
    return rowSql;
  }

  String slotSql() {
    return slotSql == null ? "s." + label() : slotSql;
  }

  private static boolean failed(LedgerRow row) {
    if (row.attempt().isBooking()) {
      return false;
    }
    Ending ending = row.outcome().ending();
    return row.outcome().status() >= 400
        || ending == Ending.UPSTREAM_FAILED
        || ending == Ending.TIMED_OUT;
  }

  private static long answered(LedgerRow row) {
    int status = row.outcome().status();
    return status >= 200
            && status <= 299
            && row.outcome().ending() == Ending.COMPLETED
            && row.outcome().waste() == Waste.NONE
            && !row.attempt().cause().isOverhead()
        ? 1
        : 0;
  }
}
