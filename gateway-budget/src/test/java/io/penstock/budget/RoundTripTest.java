package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.price.NanoUsd;
import io.penstock.core.rule.Condition;
import io.penstock.testkit.Await;
import io.penstock.testkit.RedisServer;
import java.time.ZoneOffset;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How often Redis is asked. Time stands still, so that no heartbeat is among the calls. */
class RoundTripTest {
  private static final long USD = NanoUsd.USD;
  private static final Pattern CALLS = Pattern.compile("cmdstat_eval(?:sha)?:calls=(\\d+)");
  private static final List<List<String>> SUBJECTS =
      List.of(List.of(), List.of("user"), List.of("team"), List.of("key"), List.of("app"));

  private static BudgetPlan plan(int budgets) {
    return BudgetPlan.compile(
        SUBJECTS.stream()
            .limit(budgets)
            .map(per ->
                BudgetSpec.of(
                    "b" + per,
                    Condition.ALWAYS,
                    per,
                    Limit.usd(100 * USD),
                    new Window(Window.Every.TOTAL, ZoneOffset.UTC)))
            .toList(),
        List.of());
  }

  private static long calls(RedisServer server) {
    Matcher matcher = CALLS.matcher(server.command("INFO", "commandstats"));
    long calls = 0;
    while (matcher.find()) {
      calls += Long.parseLong(matcher.group(1));
    }
    return calls;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5})
  void reserve_beyondTheSlices_isOneCall_withinThemNone(int budgets) {
    TestTicker ticker = new TestTicker(System.currentTimeMillis());
    Settings settings = new Settings(600, 75_000, 250, 60_000, 5_000, Outage.SHARE, false, 500);
    try (RedisServer server = RedisServer.start();
        Replicas replicas = new Replicas(server.uri())) {
      Budgets replica = replicas.start(100 * USD, ticker, settings);
      Await.until(
          "budgets are ready",
          () -> {
            ticker.advance(10);
            replica.tick();
            return replica.isReady();
          });
      replica.reload(plan(budgets));
      assertThat(Replicas.reserve(replica, USD)).isInstanceOf(Verdict.Granted.class);
      long before = calls(server);

      assertThat(Replicas.reserve(replica, 70 * USD)).isInstanceOf(Verdict.Granted.class);
      assertThat(calls(server)).isEqualTo(before + 1);
      assertThat(Replicas.reserve(replica, USD / 1_000)).isInstanceOf(Verdict.Granted.class);
      assertThat(calls(server)).isEqualTo(before + 1);
    }
  }
}
