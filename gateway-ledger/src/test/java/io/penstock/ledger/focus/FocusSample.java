package io.penstock.ledger.focus;

import io.penstock.core.Ending;
import io.penstock.core.Ticker;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.Cause;
import io.penstock.ledger.Corrections;
import io.penstock.ledger.LedgerOptions;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.LedgerWriter;
import io.penstock.ledger.RequestIds;
import io.penstock.ledger.SqlLedger;
import io.penstock.ledger.UsageSource;
import io.penstock.ledger.Waste;
import io.penstock.ledger.report.Csv;
import io.penstock.ledger.statement.StatementTerms;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

/** A ledger of four hours about midnight of a month's last day, and its prices. */
final class FocusSample {
  static final long NOV_30 = Instant.parse("2026-11-30T23:00:00Z").toEpochMilli();
  private static final BigDecimal DISCOUNT = new BigDecimal("0.9");
  private static final Map<Meter, BigDecimal> LIST =
      Map.of(
          Meter.INPUT, new BigDecimal("0.1537"),
          Meter.CACHE_READ, new BigDecimal("0.0751"),
          Meter.OUTPUT, new BigDecimal("0.6113"));

  private FocusSample() {}

  static FocusRates.Rate rate(LedgerRow row, Meter meter) {
    BigDecimal list = LIST.getOrDefault(meter, BigDecimal.ZERO);
    boolean dear = row.usage().inputTokens() > 4000;
    BigDecimal price = dear ? list.add(list) : list;
    return new FocusRates.Rate(price, price.multiply(DISCOUNT), 1_000_000, dear ? ">4000" : "", "");
  }

  static SqlLedger empty(Path directory) {
    return SqlLedger.open(
        LedgerOptions.of("sqlite:" + directory.resolve("ledger.db"), directory.resolve("journal")),
        Ticker.system());
  }

  static SqlLedger ledger(Path directory, Random random) {
    SqlLedger ledger = empty(directory);
    LedgerWriter writer = ledger.writer();
    for (int i = 0; i < 500; i++) {
      writer.row(row(random, NOV_30 + i * 30_000L));
    }
    ledger.flush(30_000);
    book(ledger, "team-1", -12_345);
    return ledger;
  }

  static void book(SqlLedger ledger, String team, long cost) {
    ledger.book(
        Corrections.correction(
            new RequestIds(Ticker.system(), new Random(cost)).next(),
            NOV_30,
            new LedgerRow.Caller(team, "", "", "", "", "", Map.of()),
            cost,
            List.of(),
            "refund"));
  }

  private static LedgerRow row(Random random, long at) {
    boolean hit = random.nextInt(10) == 0;
    Usage usage =
        Usage.builder()
            .set(Meter.INPUT, random.nextInt(5000))
            .set(Meter.CACHE_READ, random.nextInt(900))
            .set(Meter.OUTPUT, 1 + random.nextInt(700))
            .region(random.nextBoolean() ? "eu" : null)
            .build();
    UUID request = new RequestIds(Ticker.system(), random).next();
    LedgerRow draft = draft(request, at, hit ? Usage.NONE : usage, LedgerRow.Money.ZERO, hit);
    long list = cost(draft, BigDecimal.ONE);
    long cost = cost(draft, DISCOUNT);
    return draft(request, at, draft.usage(), money(hit, cost, list), hit);
  }

  /** A hit saves 777 nano-USD, a call 11 and costs 3 more than it might have. */
  private static LedgerRow.Money money(boolean hit, long cost, long list) {
    return hit
        ? new LedgerRow.Money(0, 0, 777, 777, 0, "v1")
        : new LedgerRow.Money(cost, list, 0, 11, 3, "v1");
  }

  private static long cost(LedgerRow row, BigDecimal factor) {
    BigDecimal sum = BigDecimal.ZERO;
    for (Meter meter : LIST.keySet()) {
      BigDecimal units = BigDecimal.valueOf(row.usage().of(meter), 6);
      sum = sum.add(rate(row, meter).list().multiply(factor).multiply(units));
    }
    return sum.movePointRight(9).setScale(0, RoundingMode.HALF_UP).longValueExact();
  }

  private static LedgerRow draft(
      UUID request, long at, Usage usage, LedgerRow.Money money, boolean hit) {
    return new LedgerRow(
        new LedgerRow.Attempt(request, 1, Cause.REQUEST),
        new LedgerRow.Times(at, at, 1, 1, 1),
        caller("team-" + at % 3, Map.of("project", "a\"b,c")),
        new LedgerRow.Destination("chat", "gpt", "r", "", "openai", "gpt-6"),
        new LedgerRow.Outcome(
            200,
            Ending.COMPLETED,
            "",
            "",
            hit ? CacheOutcome.EXACT : CacheOutcome.MISS,
            Waste.NONE),
        usage,
        UsageSource.REPORTED,
        money,
        List.of());
  }

  /** A whole answer of an endpoint that cost that much. */
  static LedgerRow call(
      String endpoint, Usage usage, UsageSource source, long cost, Map<String, String> metadata) {
    return new LedgerRow(
        new LedgerRow.Attempt(
            new RequestIds(Ticker.system(), new Random(cost)).next(), 1, Cause.REQUEST),
        new LedgerRow.Times(NOV_30, NOV_30, 1, 1, 1),
        caller("team-1", metadata),
        new LedgerRow.Destination(endpoint, "gpt", "r", "", "openai", "gpt-6"),
        new LedgerRow.Outcome(200, Ending.COMPLETED, "", "", CacheOutcome.MISS, Waste.NONE),
        usage,
        source,
        new LedgerRow.Money(cost, cost, 0, 0, 0, "v1"),
        List.of());
  }

  private static LedgerRow.Caller caller(String team, Map<String, String> metadata) {
    return new LedgerRow.Caller(team, "", "user-1", "", "k-1", "", metadata);
  }

  static String export(SqlLedger ledger, FocusOptions options) throws IOException {
    return export(ledger, options, FocusSample::rate, 0, Long.MAX_VALUE);
  }

  static String export(SqlLedger ledger, FocusOptions options, FocusRates rates, long from, long to)
      throws IOException {
    StringBuilder out = new StringBuilder();
    new FocusExport(options, rates, ledger.statements()).writeCsv(ledger.queries(), from, to, out);
    return out.toString();
  }

  static BigDecimal sum(String csv, String column) {
    List<List<String>> records = Csv.parse(csv);
    int at = records.getFirst().indexOf(column);
    return records.stream()
        .skip(1)
        .map(record -> new BigDecimal(record.get(at)))
        .reduce(BigDecimal.ZERO, BigDecimal::add);
  }

  static FocusOptions options(FocusOptions.Version version, FocusOptions.View view, String markup) {
    return new FocusOptions(version, view, "Platform", "acme", terms(markup), Map.of());
  }

  static StatementTerms terms(String markup, StatementTerms.Shared... shared) {
    return new StatementTerms(new BigDecimal(markup), List.of(shared));
  }
}
