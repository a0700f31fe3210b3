package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.identity.KeyRing;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.FakeTicker;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Scenario 15 in full: a provider that fails and comes back for a minute, in time that the test
 * moves: clients see nothing of it, the dead provider is asked no more than its breaker needs to
 * learn, and it is used again within one open time once it is back.
 */
@ExtendWith(LeakCheck.class)
class FlappingTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final Duration STEP = Duration.ofMillis(500);
  private static final int STEPS_PER_PHASE = 10;
  private static final int PHASES = 12;

  /** Of the breaker below: opens after so many, and asks once more after so many steps. */
  private static final int FAILURES = 3;

  private static final int OPEN_STEPS = 2;

  @TempDir Path directory;

  private static String body(int call) {
    return "{\"model\":\"m\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
        .formatted(call % 2 == 0);
  }

  @Test
  void scenario15_flappingForAMinuteAndBack() {
    FakeTicker clock = FakeTicker.at("2026-11-21T12:00:00Z");
    try (FakeProvider flapping = FakeProvider.start();
        FakeProvider good = FakeProvider.start();
        RunningGateway gateway = RunningGateway.start(directory, yaml(flapping, good), clock)) {
      for (int phase = 0; phase < PHASES; phase++) {
        boolean down = phase % 2 == 1;
        flapping.reset();
        if (down) {
          flapping.on(CHAT).reply(Script.error(503));
        }
        int served = phase(gateway, clock);
        int asked = flapping.requests().size();
        if (down) {
          assertThat(served).as("by a provider that is down").isZero();
          assertThat(asked)
              .as("the breaker's threshold, then one probe for each open time")
              .isBetween(FAILURES, FAILURES + STEPS_PER_PHASE / OPEN_STEPS);
        } else {
          assertThat(served).isGreaterThanOrEqualTo(STEPS_PER_PHASE - OPEN_STEPS);
          assertThat(asked).as("nothing is asked twice").isEqualTo(served);
        }
      }
      flapping.reset();
      clock.advance(STEP.multipliedBy(OPEN_STEPS));
      assertThat(phase(gateway, clock)).as("back for good").isEqualTo(STEPS_PER_PHASE);
      assertThat(gateway.admin("/metrics"))
          .containsPattern("penstock_breaker_open\\{.*flapping.*} 0");
      Await.until(
          "nothing is held",
          () -> gateway.admin("/admin/v1/budgets").contains("\"held\":\"0.00 USD\""));
    }
  }

  /** Asks once a step; returns how many calls the provider that flaps has answered. */
  private static int phase(RunningGateway gateway, FakeTicker clock) {
    int served = 0;
    for (int step = 0; step < STEPS_PER_PHASE; step++) {
      HttpResponse<String> response = gateway.post(CHAT, body(step));
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      assertThat(response.body()).contains("Hello").doesNotContain("\"error\"");
      String by = response.headers().firstValue("x-penstock-provider").orElse("");
      served += by.equals("flapping") ? 1 : 0;
      clock.advance(STEP);
    }
    return served;
  }

  private String yaml(FakeProvider flapping, FakeProvider good) {
    return """
    listen: 127.0.0.1:0
    admin: { listen: 127.0.0.1:0 }
    ledger: { url: "sqlite:%s" }
    providers:
      flapping:
        dialect: openai
        base_url: %s
        keys: [k1]
        catalogue: openai
        retries: { attempts: 0 }
        breaker: { failures: 3, within: 30s, open: 1s }
      good: { dialect: openai, base_url: %s, keys: [k2], catalogue: openai }
    models:
      m: { targets: [flapping/gpt-4o-mini, good/gpt-4o-mini] }
    teams: { t: {} }
    keys: [{ id: k, sha256: "%s", team: t }]
    budgets: [{ name: all, limit: 1000 USD, every: total }]
    """
        .formatted(
            directory.resolve("ledger.db"),
            flapping.baseUrl(),
            good.baseUrl(),
            KeyRing.hash(RunningGateway.KEY));
  }
}
