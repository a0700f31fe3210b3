package io.penstock.ledger.report;

import io.penstock.core.price.Meter;
import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.Measure;
import io.penstock.ledger.Spend;
import io.penstock.ledger.SpendLine;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/** The figures of a report line, in the order in which they are shown. */
final class ReportColumns {
  private static final long MILLI = 1_000_000;

  private ReportColumns() {}

  /**
   * One figure.
   *
   * @param name in the CSV's head and as the JSON member; money ends with {@code _usd}, times with
   *     {@code _ms}
   * @param value plain decimal text; "" when there is none
   */
  record Column(String name, Function<SpendLine, String> value) {}

  /** Returns the columns of this spend: meters that nobody used are left out. */
  static List<Column> of(Spend spend, boolean latency) {
    List<Column> columns = new ArrayList<>();
    columns.add(money("cost_usd", Measure.COST));
    columns.add(count(Measure.CALLS));
    columns.add(count(Measure.REQUESTS));
    columns.add(count(Measure.ANSWERED));
    columns.add(count(Measure.ERRORS));
    columns.add(count(Measure.CACHE_HITS));
    for (Meter meter : Meter.values()) {
      if (spend.total().of(meter) != 0) {
        columns.add(new Column(meter.label(), line -> Long.toString(line.of(meter))));
      }
    }
    columns.add(money("list_cost_usd", Measure.LIST_COST));
    columns.add(money("saved_usd", Measure.SAVED));
    columns.add(money("premium_usd", Measure.PREMIUM));
    columns.add(money("overhead_usd", Measure.OVERHEAD));
    columns.add(net("net_saved_usd", SpendLine::netSaved));
    columns.add(net("cache_net_saved_usd", SpendLine::cacheNetSaved));
    columns.add(net("routing_net_saved_usd", SpendLine::routingNetSaved));
    columns.add(money("wasted_usd", Measure.WASTED));
    columns.add(money("estimated_usd", Measure.ESTIMATED));
    columns.add(new Column("cost_per_answer_usd", ReportColumns::perAnswer));
    if (latency) {
      columns.add(latency("p50_ms", 0.5));
      columns.add(latency("p95_ms", 0.95));
      columns.add(latency("p99_ms", 0.99));
    }
    return columns;
  }

  private static Column money(String name, Measure measure) {
    return new Column(name, line -> NanoUsd.format(line.of(measure)));
  }

  private static Column net(String name, ToLongFunction<SpendLine> nanos) {
    return new Column(name, line -> NanoUsd.format(nanos.applyAsLong(line)));
  }

  private static Column count(Measure measure) {
    return new Column(measure.label(), line -> Long.toString(line.of(measure)));
  }

  private static Column latency(String name, double quantile) {
    return new Column(name, line -> Long.toString(line.latencyNanos(quantile) / MILLI));
  }

  private static String perAnswer(SpendLine line) {
    return line.costPerAnswer() < 0 ? "" : NanoUsd.format(line.costPerAnswer());
  }
}
