package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.price.NanoUsd;
import io.penstock.testkit.Await;
import io.penstock.testkit.RedisServer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What each {@code on_outage} does while Redis is away; the replica's time is the test's. */
class OutageTest {
  private static final long USD = NanoUsd.USD;
  private static final Pattern CALLS = Pattern.compile("cmdstat_evalsha:calls=(\\d+)");
  private static final Pattern RUN = Pattern.compile("run_id:(\\w+)");

  private final RedisServer server = RedisServer.start();
  private final TestTicker ticker = new TestTicker(System.currentTimeMillis());
  private final Replicas replicas = new Replicas(server.uri());

  @AfterEach
  void close() {
    replicas.close();
    server.close();
  }

  /** A replica with the times of production, on a store that has been open for long. */
  private Budgets start(Outage outage) {
    Matcher run = RUN.matcher(server.command("INFO", "server"));
    assertThat(run.find()).isTrue();
    String now = Long.toString(System.currentTimeMillis());
    server.command(
        "HSET",
        "{" + replicas.namespace() + "}:p1:epoch",
        "E",
        "7",
        "run",
        run.group(1),
        "open",
        "1",
        "born",
        now);
    Budgets budgets = replicas.start(100 * USD, ticker, Settings.shared(outage));
    Await.until("budgets are ready", budgets::isReady);
    return budgets;
  }

  /** Asks; time goes on until there is an answer. */
  private Verdict reserve(Budgets budgets, long nanos) {
    Verdict verdict = budgets.reserve(TestFacts.user("ann"), Ask.of(nanos, 0));
    if (!(verdict instanceof Verdict.Pending pending)) {
      return verdict;
    }
    CompletableFuture<Verdict> answer = pending.stage().toCompletableFuture();
    Await.until(
        "an answer",
        () -> {
          ticker.advance(1);
          budgets.tick();
          return answer.isDone();
        });
    return answer.join();
  }

  private Verdict spend(Budgets budgets, long nanos) {
    Verdict verdict = reserve(budgets, nanos);
    if (verdict instanceof Verdict.Granted granted) {
      granted.reservation().settle(nanos, 0);
    }
    return verdict;
  }

  /** Lets heartbeats come and go: the second is sent when the first one's answer is known. */
  private void beat(Budgets budgets, long spent) {
    long before = scripts();
    Await.until(
        "two heartbeats",
        () -> {
          ticker.advance(100);
          // Timers do not follow the time of a test.
          budgets.tick();
          return scripts() >= before + 2;
        });
    Await.until(
        "the store knows",
        () ->
            budgets.states("", 10).toCompletableFuture().join().states().stream()
                .anyMatch(s -> s.spent() >= spent));
  }

  /** Returns how many scripts Redis has run. */
  private long scripts() {
    Matcher calls = CALLS.matcher(server.command("INFO", "commandstats"));
    return calls.find() ? Long.parseLong(calls.group(1)) : 0;
  }

  @Test
  void share_aMinuteWithoutRedis_refusesNothing_below80Percent() {
    Budgets budgets = start(Outage.SHARE);
    long spent = 0;
    for (int i = 0; i < 14; i++) {
      assertThat(spend(budgets, 5 * USD)).isInstanceOf(Verdict.Granted.class);
      spent += 5 * USD;
      beat(budgets, spent);
    }
    for (int i = 0; i < 5; i++) {
      assertThat(spend(budgets, USD / 10)).isInstanceOf(Verdict.Granted.class);
      spent += USD / 10;
      beat(budgets, spent);
    }
    server.kill();

    for (int second = 0; second < 60; second++) {
      ticker.advance(1_000);
      assertThat(spend(budgets, USD / 20))
          .as("second " + second)
          .isInstanceOf(Verdict.Granted.class);
    }
    ticker.advance(20_000);
    assertThat(spend(budgets, USD / 20)).isInstanceOf(Verdict.Unavailable.class);
  }

  @Test
  void deny_refusesWith503_whenTheConnectionBreaks() {
    Budgets budgets = start(Outage.DENY);
    assertThat(spend(budgets, USD)).isInstanceOf(Verdict.Granted.class);
    server.kill();

    Await.until(
        "the connection is lost", () -> spend(budgets, USD / 1_000) instanceof Verdict.Unavailable);
    assertThat(((Verdict.Unavailable) spend(budgets, USD)).reason()).contains("away");
  }

  @Test
  void newStore_isNamed_untilItOpens() {
    Budgets budgets = replicas.start(100 * USD, ticker, Settings.shared(Outage.ALLOW));

    Await.until(
        "the replica is linked",
        () ->
            spend(budgets, USD) instanceof Verdict.Unavailable unavailable
                && unavailable.reason().contains("new or has lost its data"));
    assertThat(budgets.serves()).isFalse();
  }

  @Test
  void storeThatCannotGrant_refusesNothingThatNobodyCounts() {
    Budgets budgets = replicas.start(100 * USD, ticker, Settings.shared(Outage.DENY));
    budgets.reload(BudgetPlan.compile(List.of(), List.of()));

    assertThat(budgets.reserve(TestFacts.user("ann"), Ask.of(USD, 0)))
        .isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void allow_letsEverythingThrough_andCountsIt() {
    Budgets budgets = start(Outage.ALLOW);
    assertThat(spend(budgets, USD)).isInstanceOf(Verdict.Granted.class);
    server.kill();

    for (int i = 0; i < 3; i++) {
      ticker.advance(100_000);
      assertThat(spend(budgets, 90 * USD)).isInstanceOf(Verdict.Granted.class);
    }
    BudgetState state = budgets.matching(TestFacts.user("ann")).get(0);
    assertThat(state.spent()).isEqualTo(271 * USD);
  }
}
