package io.penstock.ledger;

import io.penstock.core.Ending;
import java.util.Locale;
import java.util.function.ToLongFunction;

/**
 * What is summed over rows. Each is defined twice, for the roll-up (in Java, as rows come in) and
 * for reports over rows (in SQL); a test compares them.
 */
public enum Measure {
  /** Rows: attempts, refusals, cache hits. */
  CALLS(row -> 1, "1"),
  /** Requests of clients. */
  REQUESTS(
      row -> row.attempt().cause() == Cause.REQUEST ? 1 : 0,
      "CASE WHEN cause = 'request' THEN 1 ELSE 0 END"),
  /** Requests that got a whole, successful answer. */
  ANSWERED(
      Measure::answered,
      "CASE WHEN status BETWEEN 200 AND 299 AND ending = 'completed' AND waste = 'none'"
          + " AND cause NOT IN ('shadow', 'verify', 'judge', 'embedding') THEN 1 ELSE 0 END"),
  /** Rows with an error status or without an answer. */
  ERRORS(
      row -> failed(row) ? 1 : 0,
      "CASE WHEN status >= 400 OR ending IN ('upstream_failed', 'timed_out') THEN 1 ELSE 0 END"),
  /** Answers that needed no call of their own. */
  CACHE_HITS(
      row -> row.outcome().cache().isHit() ? 1 : 0,
      "CASE WHEN cache IN ('exact', 'semantic', 'joined', 'replayed') THEN 1 ELSE 0 END"),
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
  LATENCY_NS(row -> row.times().latencyNanos(), "latency_ns");

  @SuppressWarnings("ImmutableEnumChecker") // a method reference without state
  private final ToLongFunction<LedgerRow> value;

  private final String rowSql;

  Measure(ToLongFunction<LedgerRow> value, String rowSql) {
    this.value = value;
    this.rowSql = rowSql;
  }

  long of(LedgerRow row) {
    return value.applyAsLong(row);
  }

  /** Returns the column in roll-ups and the name in reports. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  String rowSql() {
    return rowSql;
  }

  private static boolean failed(LedgerRow row) {
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
