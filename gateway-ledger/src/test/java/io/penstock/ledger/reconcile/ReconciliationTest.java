package io.penstock.ledger.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import io.penstock.ledger.RequestIds;
import io.penstock.ledger.SqlLedger;
import io.penstock.ledger.UsageSource;
import io.penstock.ledger.Waste;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init") // set before each test
final class ReconciliationTest {
  private static final ProviderExport.Columns COLUMNS =
      new ProviderExport.Columns("date", "model", "key", "in", "out", "usd");
  private static final Reconciliation OPENAI =
      new Reconciliation("openai", Map.of("gpt-a-2026", "gpt-a"), Map.of(), 0);

  @TempDir Path directory;

  private final RequestIds ids = new RequestIds(Ticker.system(), new Random(16));
  private SqlLedger ledger;

  @BeforeEach
  void open() {
    ledger =
        SqlLedger.open(
            LedgerOptions.of(
                "sqlite:" + directory.resolve("ledger.db"), directory.resolve("journal")),
            Ticker.system());
  }

  @AfterEach
  void close() {
    ledger.close();
  }

  private void call(String day, String model, long tokens, String usd, UsageSource source) {
    long at = Instant.parse(day + "T12:00:00Z").toEpochMilli();
    long cost = NanoUsd.parse(usd);
    ledger.book(
        new LedgerRow(
            new LedgerRow.Attempt(ids.next(), 1, Cause.REQUEST),
            new LedgerRow.Times(at, at, 1, 1, 1),
            new LedgerRow.Caller("team", "", "", "", "k-1", "", Map.of()),
            new LedgerRow.Destination("chat", model, model, "", "openai", model),
            new LedgerRow.Outcome(200, Ending.COMPLETED, "", "", CacheOutcome.OFF, Waste.NONE),
            Usage.builder().set(Meter.INPUT, tokens).build(),
            source,
            new LedgerRow.Money(cost, cost, 0, 0, 0, "v1"),
            List.of()));
  }

  private static List<ProviderLine> billed(String usd) {
    return ProviderExport.csv(
        "date,model,key,in,out,usd\n2026-11-01,gpt-a,,100,0," + usd + "\n", COLUMNS);
  }

  @Test
  void compare_dayWhoseRowsAreDeleted_isRefused() throws Exception {
    call("2026-11-01", "gpt-a", 100, "1.00", UsageSource.REPORTED);
    call("2026-11-01", "gpt-b", 100, "1.00", UsageSource.REPORTED);
    assertThat(OPENAI.compare(ledger.queries(), billed("1.00"))).hasSize(2);
    try (var connection =
            java.sql.DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("ledger.db"));
        var sql = connection.createStatement()) {
      sql.execute("DELETE FROM ledger_row WHERE model = 'gpt-a'");
    }
    assertThatThrownBy(() -> OPENAI.compare(ledger.queries(), billed("1.00")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("2026-11-01: rows of that day are deleted (expected: ");
  }

  @Test
  void adjustments_billThatIsCorrectedBackAndForth_areBookedEachTime() {
    call("2026-11-01", "gpt-a", 100, "1.00", UsageSource.REPORTED);
    for (String usd : List.of("10.00", "8.00", "10.00", "8.00")) {
      List<Drift> drifts = OPENAI.compare(ledger.queries(), billed(usd));
      OPENAI.adjustments(drifts).forEach(ledger::book);
      OPENAI.adjustments(drifts).forEach(ledger::book);
      assertThat(OPENAI.compare(ledger.queries(), billed(usd)))
          .singleElement()
          .satisfies(drift -> assertThat(drift.difference()).isZero());
    }
    call("2026-11-03", "gpt-a", 100, "1.00", UsageSource.REPORTED);
    assertThat(ledger.queries().recent(null, 1).getFirst().attempt().cause())
        .isEqualTo(Cause.REQUEST);
  }

  /** Booked again by another version, a correction must be the one that is there. */
  @Test
  void adjustments_ids_areThoseOfEarlierVersions() {
    call("2026-11-01", "gpt-a", 100, "1.00", UsageSource.ESTIMATED);
    String hashed =
        "openai|Drift[day=2026-11-01, model=gpt-a, key=, ledgerCost=1000000000,"
            + " providerCost=10000000000, ledgerTokens=100, providerTokens=100, adjustments=0,"
            + " causes=[ESTIMATED_USAGE, PRICE_DIFFERS]]";
    LedgerRow expected =
        Corrections.reconciled(
            UUID.nameUUIDFromBytes(hashed.getBytes(StandardCharsets.UTF_8)),
            Instant.parse("2026-11-01T00:00:00Z").toEpochMilli(),
            "openai",
            "gpt-a",
            "",
            NanoUsd.parse("9.00"));
    assertThat(OPENAI.adjustments(OPENAI.compare(ledger.queries(), billed("10.00"))))
        .singleElement()
        .isEqualTo(expected);
  }

  @Test
  void compare_everyKindOfDrift_namesItsCauseAndBooksOnce() {
    call("2026-11-01", "gpt-a", 100, "1.00", UsageSource.REPORTED);
    call("2026-11-01", "gpt-b", 100, "1.00", UsageSource.REPORTED);
    call("2026-11-01", "gpt-c", 100, "1.00", UsageSource.ESTIMATED);
    call("2026-11-01", "gpt-d", 100, "1.00", UsageSource.REPORTED);
    String export =
        """
        date,model,key,in,out,usd
        2026-11-01,gpt-a-2026,p,100,0,1.00
        2026-11-01,gpt-b,p,100,0,1.10
        2026-11-01,gpt-c,p,90,0,0.90
        2026-11-01,gpt-e,p,5,5,0.50
        """;
    List<ProviderLine> lines = ProviderExport.csv(export, COLUMNS);
    List<Drift> drifts = OPENAI.compare(ledger.queries(), lines);
    assertThat(drifts)
        .extracting(Drift::model)
        .containsExactly("gpt-a", "gpt-b", "gpt-c", "gpt-d", "gpt-e");
    assertThat(drifts.get(0).causes()).isEmpty();
    assertThat(drifts.get(1).causes()).containsExactly(Drift.Cause.PRICE_DIFFERS);
    assertThat(drifts.get(2).causes())
        .containsExactly(Drift.Cause.ESTIMATED_USAGE, Drift.Cause.USAGE_DIFFERS);
    assertThat(drifts.get(3).causes()).containsExactly(Drift.Cause.NOT_IN_THE_EXPORT);
    assertThat(drifts.get(4).causes()).containsExactly(Drift.Cause.OUTSIDE_THE_GATEWAY);

    List<LedgerRow> adjustments = OPENAI.adjustments(drifts);
    adjustments.forEach(ledger::book);
    adjustments.forEach(ledger::book);
    assertThat(OPENAI.compare(ledger.queries(), lines)).allMatch(drift -> drift.difference() == 0);
  }

  @Test
  void compare_neighbouringDays_areABoundary() {
    call("2026-11-01", "gpt-a", 100, "1.00", UsageSource.REPORTED);
    List<ProviderLine> lines =
        ProviderExport.csv(
            "date,model,key,in,out,usd\n2026-11-01,gpt-a,,0,0,0\n2026-11-02,gpt-a,,100,0,1.0\n",
            COLUMNS);
    assertThat(OPENAI.compare(ledger.queries(), lines))
        .allMatch(drift -> drift.causes().contains(Drift.Cause.DAY_BOUNDARY));
  }

  @Test
  void openai_usageAndCosts_areRead() {
    String usage =
        """
        {"data":[{"start_time":1793491200,"results":[{"model":"gpt-a","api_key_id":"key_1",
        "input_tokens":70,"output_tokens":30}]}]}
        """;
    assertThat(ProviderExport.openai(usage))
        .containsExactly(
            new ProviderLine(
                LocalDate.parse("2026-11-01"), "gpt-a", "key_1", 70, 30, ProviderLine.NO_COST));
    String costs =
        """
        [{"data":[{"start_time":1793491200,"results":[{"amount":{"value":0.0612345678901,
        "currency":"usd"},"line_item":null,"project_id":"p"}]}]}]
        """;
    assertThat(ProviderExport.openai(costs).getFirst().cost()).isEqualTo(61_234_568);
  }

  @Test
  void anthropic_usageAndCosts_areRead() {
    String usage =
        """
        {"data":[{"starting_at":"2026-11-01T00:00:00Z","results":[{"model":"claude",
        "uncached_input_tokens":1,"cache_read_input_tokens":2,"cache_creation":
        {"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},"output_tokens":5,
        "workspace_id":"w"}]}]}
        """;
    ProviderLine line = ProviderExport.anthropic(usage).getFirst();
    assertThat(line.inputTokens()).isEqualTo(10);
    assertThat(line.key()).isEqualTo("w");
    String costs =
        """
        {"data":[{"starting_at":"2026-11-01T00:00:00Z","results":[{"amount":"123.45"}]}]}
        """;
    assertThat(ProviderExport.anthropic(costs).getFirst().cost()).isEqualTo(1_234_500_000);
  }

  @Test
  void openai_lineItems_areModels() {
    String costs =
        """
        {"data":[{"start_time":1793491200,"results":[{"amount":{"value":0.5,"currency":"usd"},
        "line_item":"gpt-a-2026, cached input","project_id":"p"}]}],"has_more":false}
        """;
    assertThat(ProviderExport.openai(costs).getFirst().model()).isEqualTo("gpt-a-2026");
  }

  @Test
  void export_thatIsNotWholeOrInAnotherCurrency_isRefused() {
    String part = "{\"data\":[],\"has_more\":true}";
    assertThatThrownBy(() -> ProviderExport.openai(part)).hasMessageContaining("all pages");
    assertThatThrownBy(() -> ProviderExport.anthropic(part)).hasMessageContaining("all pages");
    assertThat(ProviderExport.openai("[" + part + ",{\"data\":[],\"has_more\":false}]")).isEmpty();
    String euro =
        """
        {"data":[{"starting_at":"2026-11-01T00:00:00Z","results":[{"amount":"1","currency":"EUR"}]}]}
        """;
    assertThatThrownBy(() -> ProviderExport.anthropic(euro))
        .hasMessageContaining("currency: EUR (expected: USD");
    String focus =
        "ChargePeriodStart,SkuId,SubAccountId,BilledCost,BillingCurrency\n"
            + "2026-11-01T00:00:00Z,openai/gpt-a/input,p,1,EUR\n";
    assertThatThrownBy(() -> ProviderExport.csv(focus, ProviderExport.Columns.FOCUS))
        .hasMessageContaining("line 2: BillingCurrency: EUR");
    assertThat(ProviderExport.csv(focus.replace("EUR", "USD"), ProviderExport.Columns.FOCUS))
        .containsExactly(
            new ProviderLine(LocalDate.parse("2026-11-01"), "gpt-a", "p", -1, -1, 1_000_000_000));
  }

  @Test
  void csv_badValueOrColumn_namesTheLine() {
    String head = "date,model,key,in,out,usd\n";
    assertThatThrownBy(() -> ProviderExport.csv(head + "yesterday,m,k,1,1,1\n", COLUMNS))
        .hasMessageContaining("line 2")
        .hasMessageContaining("YYYY-MM-DD");
    assertThatThrownBy(() -> ProviderExport.csv(head + "2026-11-01,m,k,1,1,free\n", COLUMNS))
        .hasMessageContaining("free");
    assertThatThrownBy(() -> ProviderExport.csv("day\n2026-11-01\n", COLUMNS))
        .hasMessageContaining("no column");
    assertThatThrownBy(() -> ProviderExport.openai("{}")).hasMessageContaining("data");
  }
}
