package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A provider that tells what no answer can have used: estimated, whatever it says. */
@ExtendWith(LeakCheck.class)
class AbsurdUsageTest {
  private static final String BUDGET = "budgets: [ { name: all, limit: 1 USD, every: day } ]\n";
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"prompt_tokens\":3000000000000000,\"completion_tokens\":2",
        "\"prompt_tokens\":1e30,\"completion_tokens\":2",
        "\"prompt_tokens\":10000000000000000000,\"completion_tokens\":2",
        "\"prompt_tokens\":18446744073709551621,\"completion_tokens\":2",
        "\"prompt_tokens\":2,\"completion_tokens\":9223372036854775807",
        "\"prompt_tokens\":2,\"completion_tokens\":2,\"total_tokens\":9223372036854775807",
      })
  void usage_thatNoAnswerCanHave_isEstimated_andTheBudgetHolds(String counts) throws Exception {
    String answer =
        "{\"id\":\"c\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\",\"choices\":[{"
            + "\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello there\"},"
            + "\"finish_reason\":\"stop\"}],\"usage\":{"
            + counts
            + "}}";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, BUDGET))) {
      provider.on("/v1/chat/completions").reply(Script.json(answer));
      for (int i = 0; i < 2; i++) {
        HttpResponse<String> response = gateway.post("/v1/chat/completions", CHAT);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.body()).as("as it came").contains(counts);
      }
      Await.until("both rows are there", () -> rows(gateway).size() == 2);
      BigDecimal sum = BigDecimal.ZERO;
      for (JsonNode row : rows(gateway)) {
        assertThat(row.path("usage_source").asText()).as(row.toString()).isEqualTo("estimated");
        sum = sum.add(new BigDecimal(row.path("cost_usd").asText()));
      }
      assertThat(sum).isBetween(new BigDecimal("0.000001"), new BigDecimal("0.001"));
      JsonNode budget = read(gateway.admin("/admin/v1/budgets")).path("budgets").path(0);
      assertThat(new BigDecimal(budget.path("spent").asText().replace(" USD", "")))
          .as(budget.toString())
          .isEqualByComparingTo(sum);
    }
  }

  private static JsonNode rows(RunningGateway gateway) {
    return read(gateway.admin("/admin/v1/requests")).path("requests");
  }

  private static JsonNode read(String json) {
    try {
      return new ObjectMapper().readTree(json);
    } catch (java.io.IOException e) {
      throw new AssertionError(json, e);
    }
  }
}
