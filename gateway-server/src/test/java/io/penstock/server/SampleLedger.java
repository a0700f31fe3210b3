package io.penstock.server;

import io.penstock.budget.Budgets;
import io.penstock.budget.CounterKey;
import io.penstock.core.Ending;
import io.penstock.core.Ticker;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.core.rule.Conditions;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.Cause;
import io.penstock.ledger.Charge;
import io.penstock.ledger.LedgerOptions;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.LedgerWriter;
import io.penstock.ledger.RequestIds;
import io.penstock.ledger.SqlLedger;
import io.penstock.ledger.UsageSource;
import io.penstock.ledger.Waste;
import io.penstock.server.call.accounting.Charges;
import io.penstock.server.command.ConfigOption;
import io.penstock.server.config.Config;
import io.penstock.server.config.load.LoadResult;
import io.penstock.server.snapshot.BudgetMapping;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * A ledger as a month of a company's traffic leaves it: seeded, so that each run makes the same
 * rows, but up to the present, because that is what the gateway reports on. Written before a
 * gateway opens it.
 */
final class SampleLedger {
  private static final long DAY = 86_400_000;
  private static final List<String> TEAMS =
      List.of("engineering", "support", "research", "marketing", "finance");
  private static final List<String> MODELS = List.of("gpt-4o-mini", "gpt-4o", "gpt-4.1");

  private final Random random = new Random(7);
  private final Budgets budgets;
  private final LedgerWriter writer;
  private final RequestIds ids;
  private long now;

  /** Whether the request is one that others have sent before. */
  private boolean asksAgain;

  private SampleLedger(Budgets budgets, LedgerWriter writer) {
    this.budgets = budgets;
    this.writer = writer;
    Ticker clock =
        new Ticker() {
          @Override
          public long nanoTime() {
            return now * 1_000_000;
          }

          @Override
          public long epochMillis() {
            return now;
          }
        };
    this.ids = new RequestIds(clock, new SplittableRandom(7));
  }

  /** Writes the configuration and so many requests of so many users over the days before now. */
  static void fill(Path directory, String yaml, int users, int requests, int days)
      throws Exception {
    Path file = directory.resolve("penstock.yaml");
    Files.writeString(file, yaml);
    if (!(ConfigOption.loader(Map.of()).load(file) instanceof LoadResult.Loaded loaded)) {
      throw new AssertionError("the sample's configuration is wrong");
    }
    Config config = loaded.config();
    String url = config.ledger().url().reveal();
    Path journal = Path.of(url.substring("sqlite:".length()) + ".journal");
    Ticker ticker = Ticker.system();
    try (SqlLedger ledger = SqlLedger.open(LedgerOptions.of(url, journal), ticker);
        Budgets budgets = Budgets.embedded(ticker, alert -> {}, List.of())) {
      budgets.reload(new BudgetMapping(new Conditions()).plan(config));
      new SampleLedger(budgets, ledger.writer()).write(users, requests, days, ticker.epochMillis());
      ledger.flush(60_000);
    }
  }

  private void write(int users, int requests, int days, long end) {
    for (int i = 0; i < requests; i++) {
      // Later days are busier; the last call ended a moment ago.
      double at = Math.sqrt((i + 1.0) / requests);
      now = end - 2_000 - (long) ((1 - at) * days * DAY);
      int user = i < users ? i : (int) (users * Math.pow(random.nextDouble(), 3));
      request(String.format(Locale.ROOT, "user-%05d", user), TEAMS.get(user % TEAMS.size()));
    }
  }

  private void request(String user, String team) {
    UUID request = ids.next();
    boolean owned = random.nextInt(40) != 0;
    asksAgain = random.nextInt(8) == 0;
    LedgerRow.Caller caller =
        new LedgerRow.Caller(
            owned ? team : "",
            owned ? team + "-app" : "",
            owned ? user : "",
            "",
            owned ? "k-" + team : "k-legacy",
            asksAgain ? "s-faq-" + random.nextInt(6) : "s-" + random.nextInt(500),
            Map.of("project", random.nextBoolean() ? "apollo" : "hermes"));
    int kind = random.nextInt(100);
    if (kind < 12) {
      add(request, 0, caller, "gpt-4o-mini", Kind.HIT);
    } else if (kind < 15) {
      add(request, 0, caller, "", Kind.REFUSED);
    } else if (kind < 19) {
      add(request, 1, caller, "gpt-4o", Kind.FAILED);
      add(request, 2, caller, "gpt-4o-mini", Kind.FALLBACK);
    } else if (kind < 21) {
      add(request, 1, caller, "nobody-knows-this-price", Kind.UNPRICED);
    } else if (kind < 23) {
      add(request, 1, caller, "gpt-4o", Kind.ABORTED);
    } else {
      add(request, 1, caller, MODELS.get(random.nextInt(MODELS.size())), Kind.PLAIN);
    }
  }

  private enum Kind {
    PLAIN,
    HIT,
    REFUSED,
    FAILED,
    FALLBACK,
    ABORTED,
    UNPRICED
  }

  private void add(UUID request, int number, LedgerRow.Caller caller, String model, Kind kind) {
    boolean answered = kind != Kind.REFUSED && kind != Kind.FAILED;
    long input = asksAgain ? 1_200 : 200 + random.nextInt(4000);
    long output = 20L + random.nextInt(900);
    long rate = model.equals("gpt-4o-mini") ? 150 : 2_500;
    long list = input * rate + output * 4 * rate;
    boolean paid = kind == Kind.PLAIN || kind == Kind.FALLBACK || kind == Kind.ABORTED;
    long cost = paid ? list : 0;
    boolean used = answered && kind != Kind.HIT;
    Usage usage =
        used
            ? Usage.builder().set(Meter.INPUT, input).set(Meter.OUTPUT, output).build()
            : Usage.NONE;
    writer.row(
        new LedgerRow(
            new LedgerRow.Attempt(
                request, number, kind == Kind.FALLBACK ? Cause.FALLBACK : Cause.REQUEST),
            times(kind),
            caller,
            destination(model, kind),
            outcome(kind),
            usage,
            !used
                ? UsageSource.NONE
                : kind == Kind.ABORTED ? UsageSource.ESTIMATED : UsageSource.REPORTED,
            new LedgerRow.Money(
                cost, cost, 0, kind == Kind.HIT ? list : 0, 0, cost == 0 ? "" : "2026-11-01#1"),
            cost == 0 ? List.of() : charges(caller, cost)));
  }

  private LedgerRow.Times times(Kind kind) {
    long millis = kind == Kind.HIT ? 1 + random.nextInt(4) : 300 + random.nextInt(6_000);
    long first = kind == Kind.REFUSED || kind == Kind.FAILED ? -1 : millis * 400_000;
    return new LedgerRow.Times(
        now - millis, now, millis * 1_000_000, 180_000 + random.nextInt(300_000), first);
  }

  private static LedgerRow.Destination destination(String model, Kind kind) {
    String reason =
        switch (kind) {
          case HIT -> "cache";
          case REFUSED -> "";
          case FALLBACK -> "priority[1] after 429";
          default -> "priority[0]";
        };
    return new LedgerRow.Destination(
        "chat", model, model, reason, model.isEmpty() ? "" : "fake", model);
  }

  private static LedgerRow.Outcome outcome(Kind kind) {
    return switch (kind) {
      case HIT -> outcome(200, Ending.COMPLETED, "", "", CacheOutcome.EXACT, Waste.NONE);
      case REFUSED ->
          outcome(402, Ending.REJECTED, "budget_exceeded", "org", CacheOutcome.OFF, Waste.NONE);
      case FAILED ->
          outcome(429, Ending.UPSTREAM_FAILED, "rate_limit", "", CacheOutcome.MISS, Waste.FALLBACK);
      case ABORTED -> outcome(200, Ending.CLIENT_GONE, "", "", CacheOutcome.MISS, Waste.ABORTED);
      default -> outcome(200, Ending.COMPLETED, "", "", CacheOutcome.MISS, Waste.NONE);
    };
  }

  private static LedgerRow.Outcome outcome(
      int status, Ending ending, String error, String rule, CacheOutcome cache, Waste waste) {
    return new LedgerRow.Outcome(status, ending, error, rule, cache, waste);
  }

  /** Only what falls into the windows that are open now charges a counter that is still shown. */
  private List<Charge> charges(LedgerRow.Caller caller, long cost) {
    List<Charge> charges = new ArrayList<>();
    for (CounterKey counter :
        new CounterKey[] {
          budgets.counter("org", -1, ""),
          budgets.counter("team", -1, caller.team().isEmpty() ? "(none)" : caller.team()),
          budgets.counter("user", -1, caller.user().isEmpty() ? "(none)" : caller.user())
        }) {
      if (counter != null && counter.windowStart() <= now) {
        charges.add(
            Charges.toLedger(new io.penstock.budget.Charge(counter, budgets.owner(), cost)));
      }
    }
    return charges;
  }
}
