package io.penstock.server.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.identity.KeyRing;
import io.penstock.server.chaos.Faults.Fault;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three gateway processes, one Redis, 64 clients, faults, and a provider that tallies: nothing is
 * overspent, the ledger equals the tally, no 402 while money is left. In the build a few faults;
 * with {@code benchmarks/chaos} as many as asked, of every kind.
 */
class ChaosTest {
  private static final long FIRST_SEED = Long.getLong("chaos.seed", 1);
  private static final int SEEDS = Integer.getInteger("chaos.seeds", 1);
  private static final long SECONDS = Long.getLong("chaos.seconds", 0);
  private static final long LIMIT = SECONDS == 0 ? 12_000_000 : SECONDS * 3_000_000;

  @TempDir Path directory;

  @Test
  void gateways_underFaults_overspendNothing_andLoseNothing() throws Exception {
    for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      run(seed);
    }
  }

  private void run(long seed) throws Exception {
    CallBook book = new CallBook(LIMIT, Clients.boundNanos());
    HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    List<GatewayProcess> gateways = new ArrayList<>();
    try (http;
        Backends stores = new Backends();
        TallyingProvider provider = new TallyingProvider()) {
      for (int i = 0; i < 3; i++) {
        Path own = directory.resolve(seed + "-" + i);
        gateways.add(new GatewayProcess(own, yaml(stores, provider), http));
      }
      gateways.forEach(GatewayProcess::start);
      gateways.forEach(GatewayProcess::awaitServing);
      Faults faults = new Faults(gateways, stores, book, seed);
      faults.awaitReady();
      Clients clients = new Clients(gateways, book, http);
      clients.start(seed);
      book.calm();
      List<Fault> happened = SECONDS == 0 ? someFaults(faults) : manyFaults(faults);
      clients.stop();
      faults.awaitReady();
      drain(gateways, clients, book, stores);
      gateways.forEach(ChaosTest::stop);
      report(seed, happened, book, stores, provider, warnings(gateways));
    } finally {
      gateways.forEach(GatewayProcess::close);
    }
  }

  /** A count that was abandoned at the end is in the journal: the next life imports it. */
  private static void stop(GatewayProcess gateway) {
    gateway.stop();
    if (gateway.hasJournal()) {
      gateway.start();
      gateway.awaitServing();
      gateway.stop();
    }
  }

  private static List<Fault> someFaults(Faults faults) {
    List<Fault> all = List.of(Fault.SCRIPT_FLUSH, Fault.KILL, Fault.CLOCK_JUMP, Fault.CLIENT_PAUSE);
    for (Fault fault : all) {
      faults.work(400, 600);
      faults.inject(fault);
    }
    return all;
  }

  private static List<Fault> manyFaults(Faults faults) {
    List<Fault> happened = new ArrayList<>();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (System.nanoTime() < end) {
      faults.work(200, 8_000);
      Fault fault = faults.any();
      happened.add(fault);
      faults.inject(fault);
    }
    return happened;
  }

  /** One call after the other until there is no money for one more: nothing is withheld. */
  private static void drain(
      List<GatewayProcess> gateways, Clients clients, CallBook book, Backends stores) {
    try {
      Patience.until(
          "the limited budget is spent but for less than a call",
          () -> {
            long before;
            do {
              before = book.served();
              for (GatewayProcess gateway : gateways) {
                clients.call(gateway, true, "pk-limited", false, false);
              }
            } while (book.served() > before);
            return LedgerCheck.spent(stores.ledger(), "limited") > LIMIT - Clients.boundNanos();
          });
    } catch (AssertionError e) {
      throw new AssertionError(
          "%s; %s; limited: %d of %d nano-USD; withheld: [%s]"
              .formatted(
                  e.getMessage(),
                  book,
                  LedgerCheck.spent(stores.ledger(), "limited"),
                  LIMIT,
                  stores.withheld()),
          e);
    }
    assertThat(book.refused()).isPositive();
  }

  /** What may explain a call that should not have failed so. */
  private static String warnings(List<GatewayProcess> gateways) {
    return gateways.stream()
        .flatMap(gateway -> gateway.warnings().stream())
        .filter(line -> line.contains("not reached"))
        .collect(Collectors.joining("\n", "what the gateways say of their provider:\n", "\n"));
  }

  private static void report(
      long seed,
      List<Fault> happened,
      CallBook book,
      Backends stores,
      TallyingProvider provider,
      String warnings) {
    LedgerCheck check = LedgerCheck.of(stores.ledger(), provider.tally());
    long spent = LedgerCheck.spent(stores.ledger(), "limited");
    System.out.printf(
        "chaos seed %d: %s%n  %s%n  %s%n  limited: %d of %d nano-USD; withheld after the stop:"
            + " [%s]%n",
        seed, happened, book, check, spent, LIMIT, stores.withheld());

    assertThat(book.wrong()).as(warnings).isEmpty();
    assertThat(check.wrong()).isEmpty();
    assertThat(provider.twice()).isEmpty();
    assertThat(spent).isLessThanOrEqualTo(LIMIT);
    assertThat(book.served()).isPositive();
  }

  private static String yaml(Backends stores, TallyingProvider provider) throws IOException {
    StringBuilder keys = new StringBuilder("keys:\n");
    keys.append(
        "  - { id: k-limited, sha256: \"%s\", team: t, app: limited, user: l }%n"
            .formatted(KeyRing.hash("pk-limited")));
    for (int i = 0; i < 8; i++) {
      keys.append(
          "  - { id: k-%d, sha256: \"%s\", team: t, app: open, user: u%d }%n"
              .formatted(i, KeyRing.hash("pk-" + i), i));
    }
    return """
    listen: 127.0.0.1:0
    admin: { listen: 127.0.0.1:0 }
    limits: { drain: 10s }
    state: { redis: "%s" }
    ledger: { url: "%s" }
    providers:
      fake:
        dialect: openai
        base_url: %s
        keys: [sk-upstream]
        catalogue: openai
        timeouts: { connect: 30s, first_byte: 60s, idle: 60s, total: 120s }
        retries: { attempts: 0 }
    models: { gpt-4o-mini: fake/gpt-4o-mini }
    teams: { t: {} }
    clamp: off
    budgets:
      - { name: org, limit: 1000 USD, every: month }
      - { name: limited, when: 'app == "limited"', limit: %s USD, every: total }
      - { name: each, per: user, limit: 100 USD, every: day }
    rates:
      - { name: load, per: app, requests: 10000000, tokens: 20000000000, every: minute, concurrent: 500 }
    """
            .formatted(
                stores.redis(),
                stores.ledger(),
                provider.baseUrl(),
                java.math.BigDecimal.valueOf(LIMIT, 9).toPlainString())
        + keys;
  }
}
