package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ending;
import io.penstock.core.Ticker;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.ledger.report.Csv;
import io.penstock.ledger.report.Report;
import io.penstock.ledger.report.ReportFormat;
import io.penstock.testkit.PostgresServer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every figure of a report, from rows that can be added up by hand. */
final class ReportTest {
  private static final long DAY = 86_400_000;
  private static final long USD = 1_000_000_000;

  /** The eleventh day of a month of thirty. */
  private static final long NOW = Rows.NOV_1 + 10 * DAY;

  @TempDir Path directory;

  private final Random random = new Random(31);
  private final List<LedgerRow> rows = new ArrayList<>();

  private LedgerOptions options(SqlDialect dialect) {
    return LedgerOptions.of(
        dialect == SqlDialect.SQLITE
            ? "sqlite:" + directory.resolve("ledger.db")
            : PostgresServer.shared().newDatabase(),
        directory.resolve("journal"));
  }

  private void row(
      long at,
      LedgerRow.Caller caller,
      Cause cause,
      CacheOutcome cache,
      Waste waste,
      long cost,
      long saved) {
    int status = waste == Waste.RETRY ? 500 : 200;
    rows.add(
        new LedgerRow(
            new LedgerRow.Attempt(Rows.request(random, at), 1, cause),
            new LedgerRow.Times(at, at, 5_000_000, 0, -1),
            caller,
            Rows.destination("gpt-4o"),
            new LedgerRow.Outcome(status, Ending.COMPLETED, "", "", cache, waste),
            Usage.builder().set(Meter.INPUT, cost == 0 ? 0 : 7).build(),
            UsageSource.REPORTED,
            new LedgerRow.Money(
                cost * USD, cost * USD, 0, Math.max(0, saved) * USD, Math.max(0, -saved) * USD, ""),
            List.of()));
  }

  private void plain(long at, LedgerRow.Caller caller, long cost, long saved) {
    row(at, caller, Cause.REQUEST, CacheOutcome.MISS, Waste.NONE, cost, saved);
  }

  private static LedgerRow.Caller caller(String team, String app, String user) {
    return new LedgerRow.Caller(team, app, user, "", "k", "one", Map.of());
  }

  private void fill() {
    LedgerRow.Caller red = caller("red", "", "ada");
    LedgerRow.Caller blue = caller("blue", "desk", "");
    long at = Rows.NOV_1 + 5 * DAY; // within the last seven days
    plain(Rows.NOV_1 + DAY, red, 1_000, 0);
    row(at, red, Cause.REQUEST, CacheOutcome.EXACT, Waste.NONE, 0, 1_000);
    row(at, blue, Cause.REQUEST, CacheOutcome.SEMANTIC, Waste.NONE, 0, 500);
    row(at, blue, Cause.REQUEST, CacheOutcome.JOINED, Waste.NONE, 0, 50);
    plain(at, blue, 300, 700);
    plain(at, blue, 900, -200);
    row(at, blue, Cause.EMBEDDING, CacheOutcome.OFF, Waste.NONE, 10, 0);
    row(at, blue, Cause.VERIFY, CacheOutcome.OFF, Waste.NONE, 40, 0);
    row(at, red, Cause.SHADOW, CacheOutcome.OFF, Waste.NONE, 100, 0);
    row(at, red, Cause.REQUEST, CacheOutcome.MISS, Waste.RETRY, 50, 0);
    row(at, red, Cause.REQUEST, CacheOutcome.MISS, Waste.ABORTED, 70, 0);
    row(at, red, Cause.REQUEST, CacheOutcome.MISS, Waste.CASCADE, 30, -30);
    plain(at, caller("", "", "ada"), 200, 0);
    plain(at, caller("red", "", ""), 100, 0);
    // The ten days before.
    plain(Rows.NOV_1 - DAY, red, 400, 0);
    plain(Rows.NOV_1 - DAY, caller("green", "", "eve"), 900, 0);
  }

  @ParameterizedTest
  @EnumSource
  void everyFigure_isExact(SqlDialect dialect) throws Exception {
    fill();
    LedgerOptions options = options(dialect);
    try (Store store = Store.open(options, Ticker.system())) {
      store.append(rows);
    }
    SpendQuery query = new SpendQuery(List.of("team"), Rows.NOV_1, NOW, Map.of(), true);
    try (LedgerReader reader = SqlLedger.read(options)) {
      Report report = Report.of(reader.queries(), query, Instant.ofEpochMilli(NOW));
      assertThat(report.spend().fromRows()).isFalse();
      assertThat(ReportFormat.CSV.format(report).lines())
          .containsExactly(
              "team,cost_usd,calls,requests,answered,errors,cache_hits,input,list_cost_usd,"
                  + "saved_usd,premium_usd,overhead_usd,net_saved_usd,cache_net_saved_usd,"
                  + "routing_net_saved_usd,wasted_usd,estimated_usd,cost_per_answer_usd,"
                  + "p50_ms,p95_ms,p99_ms",
              "red,1350.00,7,6,3,1,1,42,1350.00,1000.00,30.00,100.00,870.00,1000.00,"
                  + "-130.00,150.00,0.00,450.00,4,5,5",
              "blue,1250.00,6,4,4,0,2,28,1250.00,1250.00,200.00,50.00,1000.00,500.00,"
                  + "500.00,0.00,0.00,312.50,4,5,5",
              ",200.00,1,1,1,0,0,7,200.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,200.00,4,5,5");
      assertThat(report.wasteByCause())
          .containsExactlyInAnyOrderEntriesOf(
              Map.of("retry", 50 * USD, "aborted", 70 * USD, "cascade", 30 * USD));
      // 200 have no team, 100 no user and no app, of 2,800.
      assertThat(report.ownedShare()).isEqualTo(2_500 / 2_800.0);
      assertThat(report.movers())
          .containsExactly(
              new Report.Mover(List.of("blue"), 0, 1_250 * USD),
              new Report.Mover(List.of("red"), 400 * USD, 1_350 * USD),
              new Report.Mover(List.of("green"), 900 * USD, 0),
              new Report.Mover(List.of(""), 0, 200 * USD));
      // 2,800 in ten days, 1,800 of it in the last seven; twenty days are left.
      assertThat(report.forecast())
          .isEqualTo(
              new Report.Forecast(2_800 * USD, 2_800 * USD + Math.round(1_800.0 / 7 * 20 * USD)));
      assertThat(ReportFormat.TABLE.format(report))
          .contains("Owned: 89.3 % of the spend.")
          .contains("overhead deducted: 1870.00 USD (cache 1500.00, routing 370.00)")
          .contains("Wasted, aborted: 70.00 USD")
          .contains("Moved: green -900.00 USD")
          .contains("This month: 2800.00 USD so far, 7942.857142857 USD at this pace");
      SpendQuery fromRows = new SpendQuery(List.of("session"), Rows.NOV_1, NOW, Map.of(), true);
      Spend same = reader.queries().spend(fromRows);
      assertThat(same.fromRows()).isTrue();
      for (Measure measure : Measure.values()) {
        assertThat(same.total().of(measure))
            .as(measure.label())
            .isEqualTo(report.spend().total().of(measure));
      }
    }
  }

  /** October has a day more than November. */
  @Test
  void csv_textThatASpreadsheetWouldRun_isMarkedAsText_numbersAreNot() throws Exception {
    List<String> teams =
        List.of("=HYPERLINK(\"http://x\")", "+1", "-2.5", "-x", "@SUM(A1)", "\t=1", "plain", "'q");
    teams.forEach(team -> plain(NOW - 1, caller(team, "", ""), 1, 0));
    LedgerOptions options = options(SqlDialect.SQLITE);
    try (Store store = Store.open(options, Ticker.system())) {
      store.append(rows);
    }
    SpendQuery query = new SpendQuery(List.of("team"), Rows.NOV_1, NOW, Map.of(), true);
    try (LedgerReader reader = SqlLedger.read(options)) {
      Report report = Report.of(reader.queries(), query, Instant.ofEpochMilli(NOW));
      assertThat(Csv.parse(ReportFormat.CSV.format(report)).stream().skip(1))
          .extracting(List::getFirst)
          .containsExactlyInAnyOrder(
              "'=HYPERLINK(\"http://x\")",
              "+1",
              "-2.5",
              "'-x",
              "'@SUM(A1)",
              "'\t=1",
              "plain",
              "'q");
      assertThat(ReportFormat.JSON.format(report)).contains("\"=HYPERLINK(");
    }
  }

  @Test
  void movers_ofAWholeMonth_areAgainstTheWholeMonthBefore() throws Exception {
    plain(Rows.NOV_1 - 31 * DAY, caller("red", "", "ada"), 700, 0);
    plain(Rows.NOV_1 - 32 * DAY, caller("red", "", "ada"), 5, 0);
    plain(Rows.NOV_1 + DAY, caller("red", "", "ada"), 900, 0);
    LedgerOptions options = options(SqlDialect.SQLITE);
    try (Store store = Store.open(options, Ticker.system())) {
      store.append(rows);
    }
    SpendQuery month =
        new SpendQuery(List.of("team"), Rows.NOV_1, Rows.NOV_1 + 30 * DAY, Map.of(), false);
    try (LedgerReader reader = SqlLedger.read(options)) {
      assertThat(Report.of(reader.queries(), month, Instant.ofEpochMilli(NOW)).movers())
          .containsExactly(new Report.Mover(List.of("red"), 700 * USD, 900 * USD));
    }
  }

  @Test
  void table_whatATerminalWouldActOn_isNotWritten() throws Exception {
    plain(Rows.NOV_1 + DAY, caller("\u001b[2Jred", "", "ada"), 10, 0);
    LedgerOptions options = options(SqlDialect.SQLITE);
    try (Store store = Store.open(options, Ticker.system())) {
      store.append(rows);
    }
    SpendQuery query = new SpendQuery(List.of("team"), Rows.NOV_1, NOW, Map.of(), true);
    try (LedgerReader reader = SqlLedger.read(options)) {
      Report report = Report.of(reader.queries(), query, Instant.ofEpochMilli(NOW));
      assertThat(ReportFormat.TABLE.format(report))
          .contains("?[2Jred", "Moved: ?[2Jred +10.00 USD")
          .doesNotContain("\u001b");
    }
  }
}
