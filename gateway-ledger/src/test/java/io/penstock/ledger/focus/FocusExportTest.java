package io.penstock.ledger.focus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blue.strategic.parquet.Hydrator;
import blue.strategic.parquet.ParquetReader;
import io.penstock.core.Ending;
import io.penstock.core.Ticker;
import io.penstock.core.price.Meter;
import io.penstock.core.price.NanoUsd;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class FocusExportTest {
  private static final long NOV_30 = Instant.parse("2026-11-30T23:00:00Z").toEpochMilli();
  private static final BigDecimal DISCOUNT = new BigDecimal("0.9");
  private static final Map<Meter, BigDecimal> LIST =
      Map.of(
          Meter.INPUT, new BigDecimal("0.1537"),
          Meter.CACHE_READ, new BigDecimal("0.0751"),
          Meter.OUTPUT, new BigDecimal("0.6113"));

  @TempDir Path directory;

  private static FocusRates.Rate rate(LedgerRow row, Meter meter) {
    BigDecimal list = LIST.getOrDefault(meter, BigDecimal.ZERO);
    boolean dear = row.usage().inputTokens() > 4000;
    BigDecimal price = dear ? list.add(list) : list;
    return new FocusRates.Rate(price, price.multiply(DISCOUNT), 1_000_000, dear ? ">4000" : "");
  }

  private SqlLedger ledger(Random random) {
    SqlLedger ledger =
        SqlLedger.open(
            LedgerOptions.of(
                "sqlite:" + directory.resolve("ledger.db"), directory.resolve("journal")),
            Ticker.system());
    LedgerWriter writer = ledger.writer();
    for (int i = 0; i < 500; i++) {
      writer.row(row(random, NOV_30 + i * 30_000L));
    }
    ledger.flush(30_000);
    book(ledger, "team-1", -12_345);
    return ledger;
  }

  private static void book(SqlLedger ledger, String team, long cost) {
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
    UUIDs ids = new UUIDs(random);
    LedgerRow draft = draft(ids, at, hit ? Usage.NONE : usage, LedgerRow.Money.ZERO, hit);
    long list = cost(draft, BigDecimal.ONE);
    long cost = cost(draft, DISCOUNT);
    return draft(ids, at, draft.usage(), money(hit, cost, list), hit);
  }

  /** A hit saves 777 nano-USD, a call 11 and costs 3 more than it might have. */
  private static LedgerRow.Money money(boolean hit, long cost, long list) {
    return hit
        ? new LedgerRow.Money(0, 0, 777, 777, 0, "v1")
        : new LedgerRow.Money(cost, list, 0, 11, 3, "v1");
  }

  /** One request id for two drafts of a row. */
  private record UUIDs(UUID request) {
    UUIDs(Random random) {
      this(new RequestIds(Ticker.system(), random).next());
    }
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
      UUIDs ids, long at, Usage usage, LedgerRow.Money money, boolean hit) {
    return new LedgerRow(
        new LedgerRow.Attempt(ids.request, 1, Cause.REQUEST),
        new LedgerRow.Times(at, at, 1, 1, 1),
        new LedgerRow.Caller(
            "team-" + at % 3, "", "user-1", "", "k-1", "", Map.of("project", "a\"b,c")),
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

  private static String export(SqlLedger ledger, FocusOptions options) throws IOException {
    StringBuilder out = new StringBuilder();
    new FocusExport(options, FocusExportTest::rate)
        .writeCsv(ledger.queries(), 0, Long.MAX_VALUE, out);
    return out.toString();
  }

  private static BigDecimal sum(String csv, String column) {
    List<List<String>> records = Csv.parse(csv);
    int at = records.getFirst().indexOf(column);
    return records.stream()
        .skip(1)
        .map(record -> new BigDecimal(record.get(at)))
        .reduce(BigDecimal.ZERO, BigDecimal::add);
  }

  private static FocusOptions options(
      FocusOptions.Version version, FocusOptions.View view, String markup) {
    return new FocusOptions(version, view, "Platform", "acme", terms(markup), Map.of());
  }

  private static StatementTerms terms(String markup, StatementTerms.Shared... shared) {
    return new StatementTerms(new BigDecimal(markup), List.of(shared));
  }

  @ParameterizedTest
  @EnumSource
  void export_anyVersion_passesEveryCheckAndSumsToTheLedger(FocusOptions.Version version)
      throws IOException {
    try (SqlLedger ledger = ledger(new Random(12))) {
      long[] totals = new long[2];
      ledger
          .queries()
          .rows(
              0,
              Long.MAX_VALUE,
              row -> {
                totals[0] += row.money().cost();
                totals[1] += row.money().list();
              });
      String csv = export(ledger, options(version, FocusOptions.View.PROVIDER, "0.05"));
      assertThat(FocusCheck.problems(csv, version)).isEmpty();
      assertThat(sum(csv, "BilledCost")).isEqualByComparingTo(NanoUsd.toUsd(totals[0]));
      assertThat(sum(csv, "EffectiveCost")).isEqualByComparingTo(NanoUsd.toUsd(totals[0]));
      assertThat(sum(csv, "ListCost")).isEqualByComparingTo(NanoUsd.toUsd(totals[1]));
      assertThat(csv).contains("Adjustment").contains("rounding to nano-USD").contains(">4000");
    }
  }

  @ParameterizedTest
  @EnumSource
  void parquet_readBack_saysWhatTheCsvSays(FocusOptions.Version version) throws IOException {
    try (SqlLedger ledger = ledger(new Random(15))) {
      FocusOptions options = options(version, FocusOptions.View.CHARGEBACK, "0.05");
      Path file = directory.resolve("focus.parquet");
      FocusExport export = new FocusExport(options, FocusExportTest::rate);
      export.writeParquet(ledger.queries(), 0, Long.MAX_VALUE, file);
      List<List<String>> csv = Csv.parse(export(ledger, options));
      List<String> names = csv.removeFirst();
      List<Map<String, Object>> read;
      try (Stream<Map<String, Object>> lines =
          ParquetReader.streamContent(file.toFile(), new AsMap())) {
        read = lines.toList();
      }
      assertThat(read).hasSameSizeAs(csv);
      for (int i = 0; i < csv.size(); i++) {
        for (int c = 0; c < names.size(); c++) {
          FocusColumn column = FocusColumn.valueOf(names.get(c));
          assertThat(shown(column, read.get(i).get(column.name())))
              .as(column + " of line " + i)
              .isEqualTo(shown(column, csv.get(i).get(c)));
        }
      }
    }
  }

  /** Reads a record as a map from column to value. */
  private static final class AsMap
      implements Hydrator<Map<String, Object>, Map<String, Object>, String[]> {
    @Override
    public Map<String, Object> start() {
      return new HashMap<>();
    }

    @Override
    public Map<String, Object> add(Map<String, Object> target, String[] heading, Object value) {
      target.put(heading[0], value);
      return target;
    }

    @Override
    public Map<String, Object> finish(Map<String, Object> target) {
      return target;
    }
  }

  private static Object shown(FocusColumn column, @Nullable Object value) {
    if (value == null || value.equals("")) {
      return "";
    }
    return switch (column.type()) {
      case DECIMAL -> new BigDecimal(value.toString()).setScale(17, RoundingMode.HALF_EVEN);
      case DATE -> value instanceof Long millis ? Instant.ofEpochMilli(millis) : at(value);
      case STRING, JSON -> value;
    };
  }

  private static Instant at(Object text) {
    String iso = text.toString();
    return Instant.parse(iso.endsWith("Z") ? iso : iso + "Z");
  }

  @Test
  void chargeback_markup_isApartAndTheRestSumsToTheLedger() throws IOException {
    try (SqlLedger ledger = ledger(new Random(13))) {
      String own =
          export(ledger, options(FocusOptions.Version.V1_4, FocusOptions.View.PROVIDER, "0"));
      String csv =
          export(ledger, options(FocusOptions.Version.V1_4, FocusOptions.View.CHARGEBACK, "0.05"));
      assertThat(FocusCheck.problems(csv, FocusOptions.Version.V1_4)).isEmpty();
      assertThat(sum(csv, "BilledCost").subtract(sum(csv, "x_MarkupCost")))
          .isEqualByComparingTo(sum(own, "BilledCost"));
      assertThat(csv).contains("penstock:tenant/acme").contains("Platform");
    }
  }

  @Test
  void avoidedCost_ofHitsAndRouting_sumsToTheLedger() throws IOException {
    try (SqlLedger ledger = ledger(new Random(16))) {
      long[] hits = new long[1];
      ledger
          .queries()
          .rows(0, Long.MAX_VALUE, row -> hits[0] += row.outcome().cache().isHit() ? 1 : 0);
      long calls = 500 - hits[0];
      String teams =
          export(ledger, options(FocusOptions.Version.V1_4, FocusOptions.View.CHARGEBACK, "0"));
      assertThat(hits[0]).isPositive();
      assertThat(sum(teams, "x_CacheHitCount")).isEqualByComparingTo(BigDecimal.valueOf(hits[0]));
      assertThat(sum(teams, "x_AvoidedCost"))
          .isEqualByComparingTo(NanoUsd.toUsd(777 * hits[0] + 8 * calls));
      assertThat(teams).contains("penstock/cache/hits,Gateway Cache Hits");
      assertThat(FocusCheck.problems(teams, FocusOptions.Version.V1_4)).isEmpty();
      String provider = export(ledger, FocusOptions.of(FocusOptions.View.PROVIDER));
      assertThat(provider).doesNotContain("Gateway Cache Hits");
      assertThat(sum(provider, "x_AvoidedCost")).isEqualByComparingTo(NanoUsd.toUsd(8 * calls));
    }
  }

  @ParameterizedTest
  @EnumSource
  void sharedCosts_ofWholeMonths_areSplitByUsageToTheNano(FocusOptions.Version version)
      throws IOException {
    long november = Instant.parse("2026-11-01T00:00:00Z").toEpochMilli();
    long january = Instant.parse("2027-01-01T00:00:00Z").toEpochMilli();
    StatementTerms terms = terms("0.05", new StatementTerms.Shared("machines", 3_000_000_001L));
    FocusOptions options =
        new FocusOptions(
            version, FocusOptions.View.CHARGEBACK, "Platform", "acme", terms, Map.of());
    FocusExport export = new FocusExport(options, FocusExportTest::rate);
    try (SqlLedger ledger = ledger(new Random(17))) {
      book(ledger, "team-2", 300_000_000);
      StringBuilder out = new StringBuilder();
      export.writeCsv(ledger.queries(), november, january, out);
      String csv = out.toString();
      assertThat(FocusCheck.problems(csv, version)).isEmpty();
      // Two months; nothing is added to what is the platform's own.
      String without = export(ledger, options(version, FocusOptions.View.CHARGEBACK, "0.05"));
      assertThat(sum(csv, "BilledCost").subtract(sum(without, "BilledCost")))
          .isEqualByComparingTo("6.000000002");
      assertThat(sum(csv, "x_MarkupCost")).isEqualByComparingTo(sum(without, "x_MarkupCost"));
      assertThat(csv.contains("penstock:share-of-usage")).isEqualTo(version.hasAllocation());
      if (version.hasAllocation()) {
        assertThat(csv).contains("penstock:team/team-2").contains("\"\"AllocatedRatio\"\":0.");
        assertThat(FocusCheck.problems(csv.replace("penstock:team/team-2", ""), version))
            .anyMatch(problem -> problem.contains("AllocatedResourceId is null on a split cost"));
      }
      assertThatThrownBy(
              () -> export.writeCsv(ledger.queries(), november, NOV_30, new StringBuilder()))
          .hasMessageContaining("2026-11-30T23:00:00Z (expected: whole months");
    }
    assertThatThrownBy(() ->
            new FocusOptions(
                version, FocusOptions.View.PROVIDER, "Platform", "acme", terms, Map.of()))
        .hasMessageContaining("expected: the chargeback view");
  }

  @Test
  void check_brokenExports_areCaught() throws IOException {
    try (SqlLedger ledger = ledger(new Random(14))) {
      FocusOptions options = FocusOptions.of(FocusOptions.View.PROVIDER);
      String csv = export(ledger, options);
      assertBroken(csv.replace("Usage-Based", "Sometimes"), "ChargeFrequency");
      assertBroken(csv.replace("BilledCost", "Cost"), "head");
      assertBroken(csv.replace("gpt-6 input", "sk-12345678abcdef"), "key");
      assertBroken(csv.replace("0.1537", "0.2537"), "x PricingQuantity");
      assertBroken(csv.replace("2026-12-01T00:00:00Z", "2026-11-02T00:00:00Z"), "period");
      assertBroken(csv.replace("AI and Machine Learning", ""), "ServiceCategory is null");
      assertBroken(csv.replace("\"{\"\"project\"\":", "\"{\"\"project\"\":{},\"\"x\"\":"), "flat");
      assertBroken(csv.replace(",USD,", ",usd,"), "BillingCurrency");
      assertBroken(csv.replace("Generative AI", "Databases"), "ServiceSubcategory");
      assertBroken(csv.replace(",Usage,", ",Use,"), "ChargeCategory");
      assertBroken(csv.replace("2026-12-01T00:00:00Z", "2026-12-01"), "Date/Time");
      assertBroken(csv.replace(",0.1537,", ",+0.1537,"), "Decimal");
      assertBroken(csv.replace(",Tokens,", ",NULL,"), "ConsumedUnit: NULL");
      assertBroken(csv.replace(",Standard,", ",,"), "PricingCategory is null on usage");
      assertBroken(edited(csv, "SkuId", "another"), "two SkuIds");
      assertBroken(edited(csv, "EffectiveCost", "123"), "differs from BilledCost");
      String again = edited(csv, "ListUnitPrice", "0.7").lines().skip(1).findFirst().orElseThrow();
      assertBroken(csv + again + "\n", "two list prices");
      assertBroken(edited(csv, "SubAccountType", ""), "both set or both null");
      assertBroken(csv + "1,2\n", "fields");
    }
  }

  /** Returns the export with another value in the first line of usage. */
  private static String edited(String csv, String column, String value) throws IOException {
    List<List<String>> records = Csv.parse(csv);
    List<String> head = records.getFirst();
    List<String> first =
        records.stream().filter(record -> record.contains("Usage")).findFirst().orElseThrow();
    List<String> line = new ArrayList<>(first);
    line.set(head.indexOf(column), value);
    records.set(records.indexOf(first), line);
    StringBuilder out = new StringBuilder();
    for (List<String> record : records) {
      Csv.write(out, record);
    }
    return out.toString();
  }

  private static void assertBroken(String csv, String expected) {
    assertThat(FocusCheck.problems(csv, FocusOptions.Version.V1_4))
        .anyMatch(problem -> problem.contains(expected));
  }

  @Test
  void metadata_namesVersionAndColumns() {
    FocusExport export =
        new FocusExport(FocusOptions.of(FocusOptions.View.PROVIDER), FocusExportTest::rate);
    assertThat(export.metadata(Instant.ofEpochMilli(NOV_30)))
        .contains("\"FocusVersion\":\"1.4\"")
        .contains("2026-11-30T23:00:00Z")
        .contains("\"x_CredentialId\"");
  }
}
