package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Streams without a maximum hold what answers mostly need, ask for more, and are cut in order. */
@ExtendWith(LeakCheck.class)
class StretchFlowTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String OPEN =
      "{\"model\":\"gpt-4o-mini\",\"stream\":true,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String WORD =
      "{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"}}]}";
  private static final String WHOLE =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";
  private static final int ENOUGH = 200;

  // A whole answer of gpt-4o-mini may cost 0.0098 USD: none fits this budget at its longest.
  private static final String BUDGET =
      "budgets: [{ name: tight, when: 'app != \"tests\"', limit: 0.001 USD, every: total }]\n"
          + "clamp: off";
  private static final long LIMIT = 1_000_000;

  @TempDir Path directory;

  private static Script answer(int words) {
    List<String> events = new ArrayList<>();
    for (int i = 0; i < words; i++) {
      events.add(WORD);
    }
    events.add(WORD.replace("{\"content\":\" word\"}}", "{},\"finish_reason\":\"stop\"}"));
    events.add(
        "{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-mini\","
            + "\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":"
            + words
            + ",\"total_tokens\":"
            + (words + 10)
            + "}}");
    events.add("[DONE]");
    return Script.sse(events.toArray(String[]::new));
  }

  private RunningGateway learned(FakeProvider provider) {
    return learned(provider, BUDGET);
  }

  private RunningGateway learned(FakeProvider provider, String budget) {
    RunningGateway gateway =
        RunningGateway.start(directory, RunningGateway.yaml(directory, provider, budget));
    provider.on("/v1/chat/completions").reply(answer(20));
    assertThat(limited(gateway).statusCode()).isEqualTo(402);
    for (int i = 0; i < ENOUGH; i++) {
      assertThat(gateway.post("/v1/chat/completions", OPEN).statusCode()).isEqualTo(200);
    }
    return gateway;
  }

  /** A call that the tight budget counts. */
  private static HttpResponse<String> limited(RunningGateway gateway) {
    return limited(gateway, OPEN);
  }

  private static HttpResponse<String> limited(RunningGateway gateway, String body) {
    return gateway.post(
        "/v1/chat/completions",
        body,
        "Authorization",
        "Bearer pk-support",
        "X-Penstock-Metadata",
        "{\"project\":\"apollo\"}");
  }

  private static JsonNode row(RunningGateway gateway, HttpResponse<String> of) throws IOException {
    String id = of.headers().firstValue("x-penstock-request-id").orElseThrow();
    return MAPPER.readTree(gateway.admin("/admin/v1/requests/" + id)).path("attempts").path(0);
  }

  /** What the tight budget has spent, nano-USD. */
  private static long spent(RunningGateway gateway) {
    try {
      String amount =
          MAPPER
              .readTree(gateway.admin("/admin/v1/budgets"))
              .path("budgets")
              .path(0)
              .path("spent")
              .asText();
      return new BigDecimal(amount.replace(" USD", "")).movePointRight(9).longValueExact();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void stream_longerThanLearned_isStretched_andWhole() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = learned(provider)) {
      provider.on("/v1/chat/completions").reply(answer(500));

      HttpResponse<String> response = limited(gateway);

      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      assertThat(response.body()).contains("\"finish_reason\":\"stop\"").endsWith("[DONE]\n\n");
      JsonNode row = row(gateway, response);
      assertThat(row.path("usage_source").asText()).isEqualTo("reported");
      // 10 x 0.15 + 500 x 0.60 USD per million.
      Await.until("it is charged", () -> spent(gateway) == 10 * 150 + 500 * 600);
    }
  }

  @Test
  void stream_longerThanTheBudget_isCut_withAWellFormedEnd_andTheReason() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = learned(provider)) {
      provider.on("/v1/chat/completions").reply(Script.endless("data: " + WORD + "\n\n"));

      HttpResponse<String> response = limited(gateway);

      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.body())
          .contains("\"finish_reason\":\"length\"")
          .contains("\"cut\":\"Budget tight is used up")
          .endsWith("[DONE]\n\n");
      Await.until("what was counted is charged", () -> spent(gateway) > 0);
      gateway.awaitRecorded();
      assertThat(row(gateway, response).path("usage_source").asText()).isEqualTo("estimated");
      assertThat(spent(gateway)).isBetween(LIMIT / 4, LIMIT);
    }
  }

  @Test
  void stream_redirected_isCutBeforeItPassesDenyAt() throws Exception {
    String over = "limit: 0.001 USD, over: { use: gpt-4o-mini, deny_at: 120% },";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = learned(provider, BUDGET.replace("limit: 0.001 USD,", over))) {
      // 210,000 nano-USD each.
      provider.on("/v1/chat/completions").reply(Script.json(WHOLE));
      String whole = OPEN.replace("\"stream\":true", "\"max_tokens\":100");
      for (int i = 0; i < 5; i++) {
        assertThat(limited(gateway, whole).statusCode()).isEqualTo(200);
      }
      assertThat(spent(gateway)).isEqualTo(LIMIT / 100 * 105);

      provider.on("/v1/chat/completions").reply(Script.endless("data: " + WORD + "\n\n"));
      HttpResponse<String> response = limited(gateway);

      assertThat(response.headers().firstValue("x-penstock-route")).hasValue("budget tight");
      assertThat(response.body())
          .contains("\"finish_reason\":\"length\"")
          .contains("\"cut\":\"Budget tight is used up")
          .endsWith("[DONE]\n\n");
      gateway.awaitRecorded();
      Await.until("what was counted is charged", () -> spent(gateway) > LIMIT / 100 * 105);
      assertThat(spent(gateway)).isBetween(LIMIT / 100 * 110, LIMIT / 100 * 120);
    }
  }
}
