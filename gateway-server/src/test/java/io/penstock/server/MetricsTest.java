package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Ticker;
import io.penstock.ledger.LedgerOptions;
import io.penstock.ledger.SqlLedger;
import io.penstock.server.store.LedgersTest;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What metrics tell: whose labels there are, and which requests have times. */
@ExtendWith(LeakCheck.class)
class MetricsTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String BODY = "{\"model\":\"gpt-4o-mini\",\"messages\":[]}";
  private static final String MADE_UP = "made-up";
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-5-nano\",\"choices\":"
          + "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";

  @TempDir Path directory;

  private String yaml(FakeProvider provider, FakeProvider collector) {
    return RunningGateway.yaml(
            directory,
            provider,
            """
            prices: { unknown: highest }
            cache: { exact: { ttl: 1h } }
            budgets: [{ name: each-model, per: model, limit: 10 USD, every: day }]
            telemetry: { otlp: "%s" }
            """
                .formatted(collector.url()))
        .replace("  \"mini-*\":", "  \"*\": fake/*\n  mine: fake/my-own-name\n  \"mini-*\":");
  }

  private static void ask(RunningGateway gateway, String model, int times) {
    for (int i = 0; i < times; i++) {
      String body = "{\"model\":\"" + model + "\",\"messages\":[]}";
      assertThat(gateway.post("/v1/chat/completions", body).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void whatACrashCost_isCountedByTheNextStart() throws Exception {
    try (FakeProvider provider = FakeProvider.start()) {
      LedgersTest.dieIn(
          SqlLedger.open(
              LedgerOptions.of(
                  "sqlite:" + directory.resolve("ledger.db"),
                  directory.toRealPath().resolve("ledger.db.journal")),
              Ticker.system()));
      String yaml = RunningGateway.yaml(directory, provider, "");
      try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
        assertThat(gateway.admin("/metrics"))
            .contains("penstock_wasted_usd_total{cause=\"crash\"} 7.0E-9\n");
      }
    }
  }

  @Test
  void namesThatClientsMakeUp_areShownAsTheCataloguesOrOther() {
    try (FakeProvider provider = FakeProvider.start();
        FakeProvider collector = FakeProvider.start()) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      collector.on("/v1/traces").reply(Script.json("{}"));
      collector.on("/v1/metrics").reply(Script.json("{}"));
      String metrics;
      try (RunningGateway gateway = RunningGateway.start(directory, yaml(provider, collector))) {
        // Asked twice: the second answer comes from the cache.
        ask(gateway, "gpt-5-nano-" + MADE_UP, 2);
        ask(gateway, MADE_UP + "-1", 1);
        ask(gateway, MADE_UP + "-2", 1);
        ask(gateway, "mine", 1);
        metrics = gateway.admin("/metrics");
      }
      assertThat(provider.requests().getFirst().text()).contains("gpt-5-nano-" + MADE_UP);
      assertThat(metrics)
          .doesNotContain(MADE_UP)
          .contains(
              "attempts_total{model=\"gpt-5-nano\",outcome=\"completed\",provider=\"fake\"} 1")
          .contains("attempts_total{model=\"other\",outcome=\"completed\",provider=\"fake\"} 2")
          .contains("attempts_total{model=\"my-own-name\",")
          .containsPattern("requests_total\\{[^}]*model=\"gpt-5-nano\"[^}]*} 2")
          .contains("used_ratio{budget=\"each-model\",subject=\"fake/my-own-name\"}")
          .contains("used_ratio{budget=\"each-model\",subject=\"max\"}");
      String told =
          collector.requests().stream()
              .filter(received -> received.barePath().equals("/v1/metrics"))
              .reduce((first, second) -> second)
              .map(Received::text)
              .orElseThrow();
      assertThat(told).doesNotContain(MADE_UP);
      assertThat(
              Pattern.compile("\"stringValue\":\"(gpt-5-nano|other|my-own-name)\"").matcher(told))
          .matches(found -> found.results().map(hit -> hit.group(1)).distinct().count() == 3);
    }
  }

  @Test
  void requestRefusedByItsHead_isCounted_andHasNoTime() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, ""))) {
      assertThat(
              gateway
                  .post("/v1/chat/completions", "{}", "Authorization", "Bearer nobody")
                  .statusCode())
          .isEqualTo(401);
      assertThat(gateway.admin("/metrics"))
          .containsPattern("penstock_requests_total\\{[^}]*status=\"401\"[^}]*} 1")
          .containsPattern("penstock_request_seconds_count\\{[^}]*status=\"401\"[^}]*} 0")
          .contains("penstock_overhead_seconds_count 0");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 404, 413, 422})
  void requestThatTheProviderRefused_isCountedByTheStatusThatItsClientGot(int status) {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, ""))) {
      provider
          .on(CHAT)
          .reply(
              Script.json("{\"error\":{\"message\":\"no\",\"code\":\"not_so\"}}").status(status));
      HttpResponse<String> refused = gateway.post(CHAT, BODY);

      assertThat(refused.statusCode()).isEqualTo(status);
      assertThat(gateway.rows(refused).path(0).path("status").asInt()).isEqualTo(status);
      assertThat(
              Pattern.compile("requests_total\\{[^}]*status=\"(\\d+)\"[^}]*} 1")
                  .matcher(gateway.admin("/metrics")))
          .matches(found ->
              found.results().map(hit -> hit.group(1)).toList().equals(List.of("" + status)));
    }
  }

  /** The provider asks for it: whoever is woken by overhead looks at the gateway's processors. */
  @Test
  void pauseBeforeARetry_isNotOverhead() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "")
                    .replace("attempts: 0", "attempts: 1, budget: 100%"))) {
      provider.on(CHAT).reply(Script.json(ANSWER));
      provider.on(CHAT).first(1).reply(Script.error(503).retryAfter("1"));
      HttpResponse<String> answer = gateway.post(CHAT, BODY);

      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      assertThat(provider.requests()).hasSize(2);
      String metrics = gateway.admin("/metrics");
      double overhead = sum(metrics, "penstock_overhead_seconds_sum");
      assertThat(overhead).isLessThanOrEqualTo(sum(metrics, "penstock_request_seconds_sum") - 1);
      JsonNode last = gateway.rows(answer).path(1);
      assertThat(last.path("overhead_ms").asDouble()).isLessThanOrEqualTo(overhead * 1000 + 1e-6);
    }
  }

  @Test
  void rowThatIsCountedWhenTheClientHasItsAnswer_hasNoMoreOverheadThanLatency() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, ""))) {
      provider.on(CHAT).reply(Script.json(ANSWER.replaceAll(",\"usage\".*", "}")));
      HttpResponse<String> answer = gateway.post(CHAT, BODY);
      Await.until("it is counted", () -> gateway.rows(answer).size() == 1);

      JsonNode row = gateway.rows(answer).path(0);
      assertThat(row.path("usage_source").asText()).isEqualTo("estimated");
      assertThat(row.path("overhead_ms").asDouble())
          .isLessThanOrEqualTo(row.path("latency_ms").asDouble());
    }
  }

  private static double sum(String metrics, String name) {
    Matcher found = Pattern.compile("(?m)^" + name + "(?:\\{[^}]*})? (\\S+)$").matcher(metrics);
    return found.results().mapToDouble(hit -> Double.parseDouble(hit.group(1))).sum();
  }
}
