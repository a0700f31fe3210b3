package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A key's own view of what it spent. */
@ExtendWith(LeakCheck.class)
class UsageTest {
  private static final String RULES =
      """
      budgets:
        - { name: org, limit: 50 USD, every: month }
        - { name: others, when: 'team == "support"', limit: 1 USD, every: day }
      rates:
        - { name: per-key, per: key, requests: 600, every: minute }
      """;

  @TempDir Path directory;

  @Test
  void usage_isThisKeysSpendBudgetsAndLimits() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, RULES))) {
      String chat =
          "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
      HttpResponse<String> mine = gateway.post("/v1/chat/completions", chat);
      gateway.post(
          "/v1/chat/completions",
          chat,
          "Authorization",
          "Bearer pk-support",
          "X-Penstock-Metadata",
          "{\"project\":\"p\"}");
      HttpResponse<String> response = gateway.get("/v1/usage");
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      JsonNode usage = new ObjectMapper().readTree(response.body());
      assertThat(usage.path("key").asText()).isEqualTo("k-test");
      assertThat(usage.path("requests").asLong()).isEqualTo(1);
      String cost = mine.headers().firstValue("x-penstock-cost-usd").orElseThrow();
      assertThat(usage.path("cost_usd").asText()).isEqualTo(cost).isNotEqualTo("0.00");
      assertThat(usage.path("models").path(0).path("model").asText()).isEqualTo("gpt-4o-mini");
      JsonNode budgets = usage.path("budgets");
      assertThat(budgets).hasSize(1);
      assertThat(budgets.path(0).path("budget").asText()).isEqualTo("org");
      assertThat(budgets.path(0).path("limit").asText()).contains("50");
      assertThat(budgets.path(0).path("resets").asText()).isNotEmpty();
      assertThat(usage.path("limits")).hasSize(1);
      assertThat(usage.path("limits").path(0).path("requests").asLong()).isEqualTo(600);
    }
  }
}
