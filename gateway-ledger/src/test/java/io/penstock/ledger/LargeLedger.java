package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ending;
import io.penstock.core.Ticker;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.ledger.report.Report;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Not part of the suite: makes a ledger of {@code -Drows} rows (default 5 million) over three
 * months, 10,000 users and 6 models, and prints how long look-ups take. See docs/reports.md.
 */
final class LargeLedger {
  private static final int ROWS = Integer.getInteger("rows", 5_000_000);
  private static final int BATCH = 10_000;
  private static final long DAY = 86_400_000;
  private static final int DAYS = 90;
  private static final long FROM = Grain.MONTH.floor(Rows.NOV_1 - 65 * DAY);
  private static final String[] MODELS = {
    "gpt-4o", "gpt-4o-mini", "o4", "claude", "haiku", "llama"
  };

  @TempDir Path directory;

  @Test
  void monthsByDimensionAndRequestsById() throws SQLException {
    LedgerOptions options =
        LedgerOptions.of("sqlite:" + directory.resolve("large.db"), directory.resolve("journal"));
    List<LedgerRow> samples = new ArrayList<>();
    long cost = fill(options, samples);
    try (LedgerReader reader = SqlLedger.read(options)) {
      long start = Grain.MONTH.next(FROM);
      for (String by :
          List.of(
              "", "team", "app", "user", "key", "model", "provider", "status", "cache", "day")) {
        String[] names = by.isEmpty() ? new String[0] : new String[] {by};
        SpendQuery query = SpendQuery.of(start, Grain.MONTH.next(start), names);
        time("month by " + by, () -> reader.queries().spend(query).lines().size());
        time(
            "month by " + by + ", percentiles",
            () ->
                reader
                    .queries()
                    .spend(new SpendQuery(query.by(), query.from(), query.to(), Map.of(), true))
                    .lines()
                    .size());
      }
      long end = Grain.MONTH.next(start);
      for (String by : List.of("team", "app", "user")) {
        SpendQuery month = new SpendQuery(List.of(by), start, end, Map.of(), true);
        Instant now = Instant.ofEpochMilli(end);
        time(
            "report of the month by " + by + ", changes",
            () -> Report.of(reader.queries(), month, now).spend().lines().size());
      }
      dashboard(reader.queries(), samples.getFirst().caller().user());
      for (LedgerRow sample : samples) {
        time("request by id", () -> reader.queries().request(sample.attempt().request()).size());
      }
      long found = reader.queries().spend(SpendQuery.of(0, FROM * 2)).total().of(Measure.COST);
      assertThat(found).isEqualTo(cost);
    }
  }

  /** The last thirty days, as the dashboard asks for them: they begin inside a month. */
  private static void dashboard(LedgerQueries ledger, String user) {
    long from = FROM + (DAYS - 30) * DAY;
    long to = from + 31 * DAY;
    for (int i = 0; i < 2; i++) {
      SpendQuery byUser = new SpendQuery(List.of("user"), from, to, Map.of(), true);
      time("30 days by user, percentiles", () -> ledger.spend(byUser).lines().size());
      Instant now = Instant.ofEpochMilli(to);
      time(
          "report of 30 days by user",
          () -> Report.of(ledger, byUser, now, false).spend().lines().size());
      SpendQuery oneUser = new SpendQuery(List.of("day"), from, to, Map.of("user", user), false);
      time("30 days of one user by day", () -> ledger.spend(oneUser).lines().size());
    }
  }

  private interface Query {
    int run();
  }

  private static void time(String name, Query query) {
    long start = System.nanoTime();
    int lines = query.run();
    System.out.printf("%s: %d lines, %.1f ms%n", name, lines, (System.nanoTime() - start) / 1e6);
  }

  private static long fill(LedgerOptions options, List<LedgerRow> samples) throws SQLException {
    Random random = new Random(11);
    long start = System.nanoTime();
    long cost = 0;
    try (Store store = Store.open(options, Ticker.system())) {
      List<LedgerRow> batch = new ArrayList<>(BATCH);
      for (int i = 0; i < ROWS; i++) {
        LedgerRow row = row(random, FROM + (long) ((double) i / ROWS * DAYS * DAY));
        batch.add(row);
        cost += row.money().cost();
        if (i % (ROWS / 5) == ROWS / 10) {
          samples.add(row);
        }
        if (batch.size() == BATCH) {
          store.append(batch);
          batch.clear();
        }
      }
      store.append(batch);
    }
    System.out.printf("%d rows in %.1f s%n", ROWS, (System.nanoTime() - start) / 1e9);
    return cost;
  }

  private static LedgerRow row(Random random, long millis) {
    int user = (int) (10_000 * random.nextDouble() * random.nextDouble());
    boolean refused = random.nextInt(50) == 0;
    boolean hit = !refused && random.nextInt(5) == 0;
    long input = random.nextInt(5000);
    long output = random.nextInt(800);
    long cost = refused || hit ? 0 : input * 150 + output * 600;
    return new LedgerRow(
        new LedgerRow.Attempt(Rows.request(random, millis), 1, Cause.REQUEST),
        new LedgerRow.Times(millis, millis, 1_000_000L * (1 + random.nextInt(9000)), 1, 1),
        new LedgerRow.Caller(
            "team-" + user % 50,
            "app-" + user % 200,
            "user-" + user,
            "",
            "key-" + user,
            "",
            Map.of()),
        Rows.destination(MODELS[random.nextInt(MODELS.length)]),
        new LedgerRow.Outcome(
            refused ? 429 : 200,
            Ending.COMPLETED,
            "",
            "",
            hit ? CacheOutcome.EXACT : CacheOutcome.MISS,
            Waste.NONE),
        Usage.builder().set(Meter.INPUT, input).set(Meter.OUTPUT, output).build(),
        UsageSource.REPORTED,
        new LedgerRow.Money(cost, cost, cost, 0, 0, "1"),
        List.of());
  }
}
