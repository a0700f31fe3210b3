package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.Ticker;
import io.penstock.core.price.Meter;
import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.report.Report;
import io.penstock.ledger.report.ReportFormat;
import io.penstock.testkit.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class SpendTest {
  private static final long HOUR = 3_600_000;
  private static final long FROM = Rows.NOV_1 - 40 * 24 * HOUR;

  @TempDir Path directory;

  private LedgerOptions options(SqlDialect dialect) {
    String url =
        dialect == SqlDialect.SQLITE
            ? "sqlite:" + directory.resolve("ledger.db")
            : PostgresServer.shared().newDatabase();
    return new LedgerOptions(
        url,
        directory.resolve("journal"),
        null,
        null,
        List.of("metadata.project", "end_user"),
        LedgerOptions.JournalSizes.DEFAULT);
  }

  private static List<LedgerRow> fill(LedgerOptions options) throws Exception {
    Random random = new Random(9);
    List<LedgerRow> rows = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      long at = FROM + (long) (random.nextDouble() * 80 * 24 * HOUR);
      rows.add(Rows.row(random, at));
    }
    try (Store store = Store.open(options, Ticker.system())) {
      store.append(rows);
    }
    return rows;
  }

  @ParameterizedTest
  @EnumSource
  void spend_anyPeriodAndDimensions_equalsTheRows(SqlDialect dialect) throws Exception {
    LedgerOptions options = options(dialect);
    List<LedgerRow> rows = fill(options);
    Random random = new Random(10);
    List<List<String>> groupings =
        List.of(
            List.of(),
            List.of("team"),
            List.of("day"),
            List.of("hour", "model"),
            List.of("month", "team"),
            List.of("metadata.project"),
            List.of("end_user", "status"),
            List.of("app", "user", "key"),
            List.of("provider", "model", "endpoint", "route"),
            List.of("cache", "cause", "waste"),
            List.of("session"),
            List.of("metadata.unknown"));
    try (LedgerReader reader = SqlLedger.read(options)) {
      for (List<String> by : groupings) {
        long from = FROM + (long) (random.nextDouble() * 20 * 24 * HOUR);
        long to = from + (long) (random.nextDouble() * 55 * 24 * HOUR);
        Spend spend = reader.queries().spend(new SpendQuery(by, from, to, Map.of(), true));
        verify(spend, rows, from, to);
      }
    }
  }

  @Test
  void groups_ofAllResultsAtOnce_areWithinAThirdOfTheHeap() {
    long heap = 4L << 30;
    int results = 2 * Ledger.REPORTS;
    assertThat(SpendReader.most(heap, results) * results * SpendReader.LINE_BYTES)
        .isBetween(heap / 4, heap / 3);
    assertThat(SpendReader.most(0, results)).isEqualTo(10_000);
  }

  @ParameterizedTest
  @EnumSource
  void spend_moreGroupsThanMemory_isRefused(SqlDialect dialect) throws Exception {
    LedgerOptions options = options(dialect);
    List<LedgerRow> rows = fill(options);
    SpendQuery query = SpendQuery.of(FROM, FROM + 100 * 24 * HOUR, "user");
    try (Connection connection = dialect.connect(options.url())) {
      assertThat(new SpendReader(dialect, 20).of(connection, query).lines()).hasSize(20);
      assertThatThrownBy(() -> new SpendReader(dialect, 19).of(connection, query))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("by: user: more than 19 groups (expected: fewer");
      assertThat(connection.getAutoCommit()).isTrue();
    }
    assertThat(rows).isNotEmpty();
  }

  @Test
  void spend_callersByTheHour_areSaidToBeFromRows() throws Exception {
    LedgerOptions options = options(SqlDialect.SQLITE);
    fill(options);
    try (LedgerReader reader = SqlLedger.read(options)) {
      long to = FROM + 50 * HOUR;
      assertThat(reader.queries().spend(SpendQuery.of(FROM, to, "hour", "user")).fromRows())
          .isTrue();
      assertThat(reader.queries().spend(SpendQuery.of(FROM, to, "hour", "team")).fromRows())
          .isFalse();
      assertThat(reader.queries().spend(SpendQuery.of(FROM, to, "day", "user")).fromRows())
          .isFalse();
    }
  }

  @Test
  void read_onAVirtualThread_sqliteRunsOnAnother() throws Exception {
    try (ReadPool pool = new ReadPool(options(SqlDialect.SQLITE))) {
      AtomicBoolean virtual = new AtomicBoolean(true);
      Thread.ofVirtual()
          .start(() -> virtual.set(pool.read(connection -> Thread.currentThread().isVirtual())))
          .join();
      assertThat(virtual).isFalse();
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread.ofVirtual()
          .start(() -> {
            try {
              pool.read(connection -> connection.prepareStatement("no SQL"));
            } catch (RuntimeException e) {
              failure.set(e);
            }
          })
          .join();
      assertThat(failure.get()).isInstanceOf(LedgerException.class);
    }
  }

  @ParameterizedTest
  @EnumSource
  void spend_ofAStatus_isThatOfItsRows(SqlDialect dialect) throws Exception {
    LedgerOptions options = options(dialect);
    List<LedgerRow> rows = fill(options);
    long to = FROM + 50 * HOUR + 1;
    try (LedgerReader reader = SqlLedger.read(options)) {
      SpendQuery ok = new SpendQuery(List.of("team"), FROM + 1, to, Map.of("status", "200"), true);
      verify(reader.queries().spend(ok), rows, FROM + 1, to);
      for (String none : List.of("404", "ok")) {
        SpendQuery query =
            new SpendQuery(List.of("team"), FROM + 1, to, Map.of("status", none), true);
        assertThat(reader.queries().spend(query).lines()).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void spend_byADimensionThatWasNotRolledUpForAWhile_equalsTheRows(SqlDialect dialect)
      throws Exception {
    LedgerOptions with = options(dialect);
    LedgerOptions without =
        new LedgerOptions(
            with.url(), with.journal(), null, null, List.of("end_user"), with.journalSizes());
    List<LedgerRow> rows = new ArrayList<>();
    long at = FROM;
    for (LedgerOptions options : List.of(with, without, with)) {
      LedgerRow row = Rows.row(new Random(rows.size()), at);
      rows.add(row);
      at += 24 * HOUR;
      try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
        ledger.book(row);
      }
    }
    try (LedgerReader reader = SqlLedger.read(without)) {
      for (String by : List.of("metadata.project", "end_user")) {
        Spend spend = reader.queries().spend(SpendQuery.of(FROM, at, by));
        for (SpendLine line : spend.lines()) {
          long expected =
              rows.stream()
                  .filter(row ->
                      by.equals("end_user")
                          ? row.caller().endUser().equals(line.key().getFirst())
                          : row.caller()
                              .metadata()
                              .getOrDefault("project", "")
                              .equals(line.key().getFirst()))
                  .mapToLong(row -> row.money().cost())
                  .sum();
          assertThat(line.of(Measure.COST)).as("%s %s", by, line.key()).isEqualTo(expected);
        }
        assertThat(spend.fromRows()).as(by).isEqualTo(!by.equals("end_user"));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void spend_byMetadataThatHadNul_isAnswered(SqlDialect dialect) throws Exception {
    LedgerOptions options = options(dialect);
    LedgerRow row = Rows.row(new Random(1), Rows.NOV_1);
    Map<String, String> metadata = Map.of("project", "a\0b", "o\0ther", "c");
    LedgerRow odd =
        new LedgerRow(
            row.attempt(),
            row.times(),
            new LedgerRow.Caller("t", "a", "u", "e", "k", "s", metadata),
            row.destination(),
            row.outcome(),
            row.usage(),
            row.usageSource(),
            row.money(),
            row.charges());
    try (Store store = Store.open(options, Ticker.system())) {
      store.append(List.of(odd));
    }
    try (LedgerReader reader = SqlLedger.read(options)) {
      for (String by : List.of("metadata.project", "metadata.unknown")) {
        SpendQuery query = SpendQuery.of(Rows.NOV_1 - 1, Rows.NOV_1 + 1, by);
        assertThat(reader.queries().spend(query).total().of(Measure.COST))
            .isEqualTo(row.money().cost());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void spend_ofFewCallersInAPeriodThatGoesOn_equalsTheRows(SqlDialect dialect) throws Exception {
    LedgerOptions options = options(dialect);
    List<LedgerRow> rows = fill(options);
    long last = rows.stream().mapToLong(row -> row.times().endedAt()).max().orElseThrow();
    long from = FROM + 30 * HOUR;
    try (LedgerReader reader = SqlLedger.read(options)) {
      for (Map<String, String> where :
          List.of(
              Map.<String, String>of(),
              Map.of("user", "user-3"),
              Map.of("user", "user-4", "team", "team-1"))) {
        for (String by : List.of("user", "day", "month")) {
          SpendQuery query = new SpendQuery(List.of(by), from, last + 5 * HOUR, where, true);
          List<LedgerRow> matching =
              rows.stream()
                  .filter(row ->
                      row.caller().user().equals(where.getOrDefault("user", row.caller().user())))
                  .filter(row ->
                      row.caller().team().equals(where.getOrDefault("team", row.caller().team())))
                  .toList();
          verify(reader.queries().spend(query), matching, from, last + 5 * HOUR);
        }
      }
    }
  }

  private static void verify(Spend spend, List<LedgerRow> rows, long from, long to) {
    List<LedgerRow> inside =
        rows.stream()
            .filter(row -> row.times().endedAt() >= from && row.times().endedAt() < to)
            .toList();
    SpendLine sum = new SpendLine(List.of());
    spend.lines().forEach(sum::add);
    for (Measure measure : Measure.values()) {
      long expected = inside.stream().mapToLong(measure::of).sum();
      assertThat(spend.total().of(measure)).as("%s", measure).isEqualTo(expected);
      assertThat(sum.of(measure)).as("%s", measure).isEqualTo(expected);
    }
    assertThat(spend.total().of(Meter.INPUT))
        .isEqualTo(inside.stream().mapToLong(row -> row.usage().of(Meter.INPUT)).sum());
    List<Long> latencies =
        inside.stream()
            .map(row -> row.times().latencyNanos())
            .sorted(Comparator.naturalOrder())
            .toList();
    double p95 = latencies.get((int) (0.95 * latencies.size()));
    assertThat((double) spend.total().latencyNanos(0.95)).isBetween(p95 / 1.42, p95 * 1.42);
  }

  @ParameterizedTest
  @EnumSource
  void spend_byBudget_countsARowUnderEachOfItsBudgets(SqlDialect dialect) throws Exception {
    LedgerOptions options = options(dialect);
    List<LedgerRow> rows = fill(options);
    long cost = rows.stream().mapToLong(row -> row.money().cost()).sum();
    try (LedgerReader reader = SqlLedger.read(options)) {
      Spend spend = reader.queries().spend(SpendQuery.of(0, Long.MAX_VALUE / 2, "budget"));
      assertThat(spend.total().of(Measure.COST)).isEqualTo(cost);
      assertThat(spend.lines()).hasSize(2);
      assertThat(spend.lines()).allMatch(line -> line.of(Measure.COST) == cost);
    }
  }

  @ParameterizedTest
  @EnumSource
  void spend_where_onlyThoseRows(SqlDialect dialect) throws Exception {
    LedgerOptions options = options(dialect);
    List<LedgerRow> rows = fill(options);
    TreeMap<String, Long> byModel = new TreeMap<>();
    rows.stream()
        .filter(row -> row.caller().team().equals("team-1"))
        .forEach(row -> byModel.merge(row.destination().model(), row.money().cost(), Long::sum));
    try (LedgerReader reader = SqlLedger.read(options)) {
      Map<String, String> where = Map.of("team", "team-1", "metadata.project", "apollo");
      Spend spend =
          reader.queries().spend(new SpendQuery(List.of("model"), 0, Rows.NOV_1 * 2, where, false));
      TreeMap<String, Long> found = new TreeMap<>();
      spend.lines().forEach(line -> found.put(line.key().getFirst(), line.of(Measure.COST)));
      assertThat(found).isEqualTo(byModel);
      assertThat(spend.fromRows()).isFalse();
    }
  }

  @Test
  void query_unknownDimension_namesTheKnownOnes() {
    assertThatThrownBy(() -> SpendQuery.of(0, 1, "colour"))
        .hasMessageContaining("colour")
        .hasMessageContaining("team, app, user");
  }

  @Test
  void report_allFormats_showTheSameExactTotal() throws Exception {
    LedgerOptions options = options(SqlDialect.SQLITE);
    List<LedgerRow> rows = fill(options);
    long from = Rows.NOV_1;
    long now = Rows.NOV_1 + 10 * 24 * HOUR;
    long cost =
        rows.stream()
            .filter(row -> row.times().endedAt() >= from && row.times().endedAt() < now)
            .mapToLong(row -> row.money().cost())
            .sum();
    try (LedgerReader reader = SqlLedger.read(options)) {
      SpendQuery query = new SpendQuery(List.of("team", "model"), from, now, Map.of(), true);
      Report report = Report.of(reader.queries(), query, Instant.ofEpochMilli(now));
      String exact = NanoUsd.format(cost);
      assertThat(ReportFormat.TABLE.format(report)).contains(exact).contains("p95_ms");
      assertThat(ReportFormat.JSON.format(report)).contains('"' + exact + '"');
      assertThat(ReportFormat.CSV.format(report).lines()).hasSize(11);
      assertThat(report.ownedShare()).isEqualTo(1.0);
      assertThat(report.movers()).hasSize(5);
      assertThat(report.forecast()).isNotNull();
      assertThat(report.forecast().spent()).isEqualTo(cost);
      assertThat(report.forecast().month()).isBetween(2 * cost, 4 * cost);
      assertThat(report.spend().total().netSaved()).isEqualTo(cost);
    }
  }
}
