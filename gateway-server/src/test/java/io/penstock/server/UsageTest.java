package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.net.URI;
import java.net.http.HttpRequest;
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

  @Test
  void usage_budgetsAreThoseOfACallThatSaysTheSame() throws Exception {
    String rules =
        """
        budgets:
          - { name: apollo, when: 'metadata["project"] == "apollo"', limit: 5 USD, every: month }
          - { name: pros, when: 'metadata["tier"] == "pro"', limit: 4 USD, every: month }
          - { name: each, per: metadata.project, limit: 3 USD, every: month }
          - { name: guests, per: end_user, limit: 2 USD, every: month }
        """;
    String apollo = "{\"project\":\"apollo\"}";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, rules))) {
      JsonNode silent = budgets(usage(gateway, RunningGateway.KEY));
      assertThat(silent.findValuesAsText("budget")).containsExactlyInAnyOrder("each", "guests");
      assertThat(silent.findValuesAsText("subject")).doesNotContain("apollo");

      HttpResponse<String> call =
          gateway.post(
              "/v1/chat/completions",
              "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
              "X-Penstock-Metadata",
              apollo,
              "X-Penstock-User",
              "u7");
      String cost = call.headers().firstValue("x-penstock-cost-usd").orElseThrow();
      JsonNode said =
          budgets(
              usage(
                  gateway,
                  RunningGateway.KEY,
                  "X-Penstock-Metadata",
                  apollo,
                  "X-Penstock-User",
                  "u7"));
      assertThat(said.findValuesAsText("budget"))
          .containsExactlyInAnyOrder("apollo", "each", "guests");
      assertThat(said.findValuesAsText("subject")).contains("apollo");
      assertThat(said.findValuesAsText("spent")).as(said.toString()).containsOnly(cost + " USD");

      // What the team fixes counts unsaid; what it requires of calls is not required here.
      assertThat(budgets(usage(gateway, "pk-support")).findValuesAsText("budget"))
          .contains("pros")
          .doesNotContain("apollo");
      HttpResponse<String> bad = usage(gateway, RunningGateway.KEY, "X-Penstock-Metadata", "[1]");
      assertThat(bad.statusCode()).isEqualTo(400);
      assertThat(bad.body()).contains("invalid_metadata");
    }
  }

  private static JsonNode budgets(HttpResponse<String> response) throws Exception {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return new ObjectMapper().readTree(response.body()).path("budgets");
  }

  private static HttpResponse<String> usage(RunningGateway gateway, String key, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(gateway.url() + "/v1/usage"))
            .header("Authorization", "Bearer " + key);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return RunningGateway.send(request.build());
  }
}
