package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ticker;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A lowered output cap of a Claude model that is to think: it exceeds the tokens of its thoughts,
 * or the budget refuses. 1,000 output tokens of claude-sonnet-4-5 cost 0.015 USD.
 */
@ExtendWith(LeakCheck.class)
class ClampedThoughtsTest {
  private static final String ANSWER =
      """
      {"id":"m","type":"message","role":"assistant","model":"claude-sonnet-4-5","stop_reason":
      "end_turn","content":[{"type":"text","text":"Hello"}],"usage":{"input_tokens":1,
      "output_tokens":1}}\
      """;
  private static final String TURNS = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  @TempDir Path directory;
  private final FakeProvider provider = FakeProvider.start();
  private final RunningGateway gateway = new RunningGateway();

  @AfterEach
  void stop() {
    gateway.close();
    provider.close();
  }

  private void start(String budget) {
    String yaml =
        RunningGateway.yaml(
                directory,
                provider,
                "budgets: [{ name: small, limit: %s USD, every: total }]\nclamp: on"
                    .formatted(budget))
            .replace(
                "models:\n",
                """
                  a: { dialect: anthropic, base_url: "%s", keys: [k], catalogue: anthropic }
                models:
                  sonnet: a/claude-sonnet-4-5
                  newer: a/claude-opus-4-6
                  told: { targets: [{ model: a/claude-sonnet-4-5, default: { reasoning_effort: high } }] }
                  thinker: { targets: [{ model: a/claude-sonnet-4-5, set: { thinking: { type: enabled, budget_tokens: 10000 } } }] }
                """
                    .formatted(provider.url()));
    provider.on("/v1/messages").reply(Script.json(ANSWER));
    gateway.begin(directory, yaml, Ticker.system());
  }

  private HttpResponse<String> messages(String model, String thinking) {
    return gateway.post(
        "/v1/messages",
        "{\"model\":\"%s\",\"max_tokens\":20000,%s%s".formatted(model, thinking, TURNS));
  }

  private HttpResponse<String> chat(String model, String more) {
    return gateway.post(
        "/v1/chat/completions", "{\"model\":\"%s\",%s%s".formatted(model, more, TURNS));
  }

  private static String enabled(int budget) {
    return "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":%d},".formatted(budget);
  }

  private void assertRefused(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(402);
    assertThat(response.body()).contains("budget_exceeded");
    assertThat(provider.requests()).isEmpty();
  }

  private static long cap(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return Long.parseLong(response.headers().firstValue("x-penstock-max-tokens").orElse("-1"));
  }

  @Test
  void messages_capBelowTheThoughts_isRefusedByTheBudget() {
    start("0.05");
    assertRefused(messages("sonnet", enabled(10_000)));
    assertRefused(messages("thinker", ""));
    assertRefused(chat("thinker", ""));
  }

  @Test
  void messages_capAboveTheThoughts_isSent() {
    start("0.05");
    assertThat(cap(messages("sonnet", enabled(2_000)))).isBetween(2_016L, 3_333L);
    assertThat(provider.awaitRequest(1).text()).contains("\"budget_tokens\":2000");
  }

  @Test
  void messages_withoutThoughts_isSentWithASmallCap() {
    start("0.012");
    assertThat(cap(messages("sonnet", "\"thinking\":{\"type\":\"disabled\"},")))
        .isBetween(16L, 799L);
  }

  @Test
  void translated_littleLeft_isRefusedByTheBudget() {
    start("0.012");
    assertRefused(chat("sonnet", "\"reasoning_effort\":\"high\","));
    assertRefused(chat("told", ""));
    assertRefused(
        gateway.post(
            "/v1/responses",
            "{\"model\":\"sonnet\",\"input\":\"hi\",\"reasoning\":{\"effort\":\"low\"}}"));
    assertRefused(
        gateway.post(
            "/v1beta/models/sonnet:generateContent",
            "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}],"
                + "\"generationConfig\":{\"thinkingConfig\":{\"thinkingBudget\":2048}}}"));
  }

  @Test
  void translated_enoughLeft_thinksForLess() {
    start("0.05");
    long cap = cap(chat("sonnet", "\"reasoning_effort\":\"high\","));
    assertThat(cap).isBetween(1_040L, 3_333L);
    assertThat(provider.awaitRequest(1).text())
        .contains("\"max_tokens\":" + cap, "\"budget_tokens\":" + Math.max(1024, cap / 5 * 4));
  }

  @Test
  void translated_noThoughtsByABudget_isSentWithASmallCap() {
    start("0.012");
    assertThat(cap(chat("sonnet", "\"reasoning_effort\":\"none\","))).isBetween(16L, 799L);
    assertThat(cap(chat("newer", "\"reasoning_effort\":\"high\","))).isBetween(16L, 479L);
  }
}
