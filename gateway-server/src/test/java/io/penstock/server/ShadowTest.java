package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Copies to another target: paid by their own budget, in rows of their own, never the client's. */
@ExtendWith(LeakCheck.class)
class ShadowTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MODELS =
      """
      models:
        plain: { targets: [fake/gpt-4o-mini], shadow: { model: other/gpt-4o, share: 100%, budget: 1 USD } }
        poor: { targets: [fake/gpt-4o-mini], shadow: { model: other/gpt-4o, share: 100%, budget: 0.00001 USD } }
        never: { targets: [fake/gpt-4o-mini], shadow: { model: other/gpt-4o, share: 0%, budget: 1 USD } }
        slow: { targets: [fake/gpt-4o-mini], shadow: { model: other/gpt-4o, share: 100%, budget: 1 USD } }
        direct: other/gpt-4o-mini
        broken: { targets: [fake/gpt-4o-mini], shadow: { model: other/gpt-4o-mini, share: 100%, budget: 1 USD } }
      """;

  private static final FakeProvider provider = FakeProvider.start();
  private static final FakeProvider other = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(ShadowTest::yaml, provider, other);

  private static String yaml(Path directory) {
    String second =
        "providers:\n  other: { dialect: openai, base_url: \"%s\", keys: [k], catalogue: openai }\n"
            .formatted(other.baseUrl());
    return RunningGateway.yaml(
            directory, provider, "budgets: [{ name: mine, per: user, limit: 1 USD, every: day }]")
        .replace("models:\n", MODELS)
        .replace("providers:\n", second);
  }

  private static HttpResponse<String> ask(String model, boolean stream) {
    HttpResponse<String> response =
        gateway.post(
            "/v1/chat/completions",
            "{\"model\":\"%s\",\"max_tokens\":50,\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
                .formatted(model, stream));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response;
  }

  private static JsonNode rows(HttpResponse<String> response, int count) throws IOException {
    Await.until(count + " rows", () -> gateway.rows(response).size() == count);
    return gateway.rows(response);
  }

  private static JsonNode board(String route) {
    try {
      for (JsonNode entry : JSON.readTree(gateway.admin("/admin/v1/shadows")).path("shadows")) {
        if (entry.path("route").asText().equals(route)) {
          return entry;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return JSON.missingNode();
  }

  /** Returns what the board says of a route once it has counted so many. */
  private static JsonNode board(String route, String what, int count) {
    Await.until(what + " " + count, () -> board(route).path(what).asInt() == count);
    return board(route);
  }

  @Test
  void copy_hasItsOwnRowAndBudget_andTheUsersBudgetPaysOnlyTheAnswer() throws Exception {
    HttpResponse<String> response = ask("plain", false);
    JsonNode rows = rows(response, 2);
    JsonNode shadow = rows.path(1);
    assertThat(shadow.path("cause").asText()).isEqualTo("shadow");
    assertThat(shadow.path("provider").asText()).isEqualTo("other");
    assertThat(shadow.path("saved_usd").asText()).isEqualTo("0.00");
    assertThat(response.headers().firstValue("x-penstock-provider")).hasValue("fake");
    assertThat(response.headers().firstValue("x-penstock-cost-usd"))
        .hasValue(rows.path(0).path("cost_usd").asText());
    assertThat(gateway.admin("/metrics"))
        .containsPattern("penstock_overhead_usd_total\\{cause=\"shadow\"\\} \\d");
    JsonNode seen = board("plain", "compared", 1);
    assertThat(seen.path("similarity").asDouble()).isEqualTo(1);
    assertThat(seen.path("same_finish").asDouble()).isEqualTo(1);
    // The candidate is dearer: promoting it would lose money.
    assertThat(seen.path("saved_per_request_usd").asText()).startsWith("-0.0");
    assertThat(gateway.admin("/admin/v1/budgets")).contains("shadow plain");
  }

  @Test
  void client_hasItsAnswerWhileTheCopyIsStillSilent() {
    Gate gate = new Gate("copy");
    other.on("/v1/chat/completions").reply(request -> Script.error(500).pauseBeforeHeaders(gate));
    assertThat(ask("slow", true).body()).endsWith("data: [DONE]\n\n");
    other.awaitRequest(1);
    assertThat(ask("slow", false).statusCode()).isEqualTo(200);
    gate.open();
    board("slow", "failed", 2);
  }

  @Test
  void budgetOfTheShadow_usedUp_noCopyIsMade() throws Exception {
    HttpResponse<String> response = ask("poor", false);
    board("poor", "not_made", 1);
    assertThat(rows(response, 1)).hasSize(1);
  }

  @Test
  void failingCopies_openNoBreakerAndReachNobody() throws Exception {
    other.on("/v1/chat/completions").reply(Script.error(500));
    for (int i = 0; i < 6; i++) {
      rows(ask("broken", i % 2 == 0), 2);
    }
    board("broken", "failed", 6);
    other.reset();
    assertThat(ask("direct", false).statusCode()).isEqualTo(200);
  }

  @Test
  void shareOfNothing_copiesNothing() {
    for (int i = 0; i < 20; i++) {
      ask("never", false);
    }
    assertThat(board("never").isMissingNode()).isTrue();
  }
}
