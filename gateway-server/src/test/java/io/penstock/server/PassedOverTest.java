package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a client hears when no target may be asked, and that explain says the same before. */
@ExtendWith(LeakCheck.class)
class PassedOverTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CHAT = "/v1/chat/completions";

  private static final FakeProvider provider = FakeProvider.start();
  private static final FakeProvider other = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway =
      GatewayExtension.of(PassedOverTest::yaml, provider, other);

  private static String yaml(Path directory) {
    String models =
        """
          busy:
            dialect: openai
            base_url: %s
            keys: [k]
            catalogue: openai
            retries: { attempts: 1, backoff: 1ms, max_backoff: 1ms, budget: 0%% }
            breaker: { failures: 1000000 }
        models:
          small: fake/gpt-4
          dear: { targets: [fake/gpt-4o], ceiling: 0.001 USD }
          dear-or-not: { targets: [fake/gpt-4o, fake/gpt-4o-mini], ceiling: 0.001 USD }
          many: { targets: [{ model: fake/gpt-4o-mini, set: { n: 20 } }], ceiling: 0.001 USD }
          short: { targets: [{ model: fake/gpt-4o, set: { max_tokens: 10 } }], ceiling: 0.001 USD }
          pool: { targets: [fake/gpt-4o, fake/gpt-4o-mini] }
          outside: { targets: [pool], ceiling: 0.001 USD }
          inside: { targets: [dear-or-not, fake/gpt-4o] }
          mixed: { targets: [busy/gpt-4o, fake/nobody-knows-this-price] }
          cheapest: { strategy: cost, targets: [fake/nobody-knows-this-price] }
          calm: busy/gpt-4o-2024-08-06
          canary:
            strategy: weighted
            targets: [{ model: fake/gpt-4o, weight: 1 }, { model: fake/gpt-4o-mini, weight: 0 }]
          whole: { targets: [fake/gpt-4o, fake/gpt-4o-mini] }
        """
            .formatted(other.baseUrl());
    String budgets =
        """
        budgets:
          - { name: clamped, when: 'model == "mini-clamped"', limit: 0.001 USD, every: month }
          - { name: via, when: 'model == "mini-via"', limit: 0.000001 USD, every: month, over: { use: gpt-4o-mini } }
          - { name: whole, when: 'model == "whole"', limit: 0.0003 USD, every: month }
          - { name: one-target, when: 'target == "fake/gpt-4o" && model == "two"', limit: 0.0003 USD, every: month }
        """;
    return RunningGateway.yaml(directory, provider, budgets).replace("models:\n", models);
  }

  private static String body(String model, int tokens) {
    return """
    {"model":"%s","max_tokens":%d,"messages":[{"role":"user","content":"hi"}]}\
    """
        .formatted(model, tokens);
  }

  private static HttpResponse<String> ask(String model, int tokens) {
    return gateway.post(CHAT, body(model, tokens));
  }

  private static JsonNode explain(String body) throws IOException {
    String asked = "{\"key\":\"k-test\",\"endpoint\":\"chat\",\"body\":" + body + "}";
    URI uri = URI.create("http://127.0.0.1:" + gateway.gateway().adminPort() + "/admin/v1/explain");
    HttpRequest request =
        HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofString(asked)).build();
    return JSON.readTree(RunningGateway.send(request).body());
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  @Test
  void ceiling_ofAllTargets_is402ThatNoSdkRetries_andNothingGoesUpstream() {
    HttpResponse<String> response = ask("dear", 1000);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(402);
    assertThat(response.body()).contains("budget_exceeded", "ceiling", "fake/gpt-4o");
    assertThat(header(response, "x-should-retry")).isEqualTo("false");
    assertThat(provider.requests()).isEmpty();
  }

  @Test
  void ceiling_isOfWhatTheRouteAsksFor() {
    assertThat(ask("many", 100).statusCode()).as("twenty answers").isEqualTo(402);
    assertThat(provider.requests()).isEmpty();
    HttpResponse<String> cut = ask("short", 1000);
    assertThat(cut.statusCode()).as(cut.body()).isEqualTo(200);
  }

  @Test
  void ceiling_ofOneTarget_goesOnToTheNext_andTheRouteSaysSo() {
    HttpResponse<String> response = ask("dear-or-not", 1000);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(header(response, "x-penstock-route"))
        .isEqualTo("priority[1] past fake/gpt-4o (over the ceiling)");
  }

  @Test
  void ceiling_ofAnOuterRoute_holdsInside_andOneInsideOnlyThere() {
    assertThat(header(ask("outside", 1000), "x-penstock-model")).isEqualTo("gpt-4o-mini");
    provider.on(CHAT).model("gpt-4o-mini").reply(Script.error(500));
    assertThat(header(ask("inside", 1000), "x-penstock-model"))
        .as("the route that has no ceiling goes on")
        .isEqualTo("gpt-4o");
  }

  @Test
  void promptTooLongForAll_is400_andNothingGoesUpstream() {
    String prompt = "word ".repeat(30_000);
    HttpResponse<String> response = gateway.post(CHAT, body("small", 10).replace("hi", prompt));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    assertThat(response.body()).contains("context_length_exceeded", "fake/gpt-4 ");
    assertThat(provider.requests()).isEmpty();
  }

  @Test
  void priceUnknown_is422_whatTheStrategyMayBe() {
    HttpResponse<String> response = ask("cheapest", 10);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(422);
    assertThat(response.body()).contains("fake/nobody-knows-this-price");
  }

  @Test
  void coolingDown_is503UntilThen_thoughAnotherTargetHasNoPrice() {
    other.on(CHAT).reply(Script.error(429).retryAfter("600"));
    assertThat(ask("mixed", 10).statusCode()).isEqualTo(429);
    HttpResponse<String> response = ask("mixed", 10);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(503);
    assertThat(response.body()).contains("busy/gpt-4o: cooling down", "no price");
    assertThat(Integer.parseInt(header(response, "retry-after"))).isBetween(300, 600);
    assertThat(header(response, "x-should-retry")).as("it passes by itself").isEmpty();
    assertThat(other.requests()).hasSize(1);
  }

  @Test
  void explain_lowersTheCapAsTheCallWould() throws IOException {
    String body = body("mini-clamped", 16_000);
    JsonNode said = explain(body);
    HttpResponse<String> response = gateway.post(CHAT, body);
    assertThat(said.path("outcome").asText()).as(said.toString()).isEqualTo("call");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(header(response, "x-penstock-max-tokens"))
        .isNotEmpty()
        .isEqualTo(said.at("/candidates/0/max_tokens").asText());
  }

  @Test
  void explain_followsWhereABudgetSendsTheCall() throws IOException {
    String body = body("mini-via", 100);
    JsonNode said = explain(body);
    HttpResponse<String> response = gateway.post(CHAT, body);
    assertThat(said.path("outcome").asText()).as(said.toString()).isEqualTo("call");
    assertThat(said.at("/candidates/0/redirect").asText()).isEqualTo("gpt-4o-mini");
    assertThat(said.path("why").asText())
        .isEqualTo("budget via")
        .isEqualTo(header(response, "x-penstock-route"));
    assertThat(said.path("target").asText()).isEqualTo("fake/gpt-4o-mini");
  }

  @Test
  void explain_refusesWhatTheCallWouldBeRefused_andGoesOnWhereItWould() throws IOException {
    String refused = body("whole", 100);
    JsonNode said = explain(refused);
    HttpResponse<String> response = gateway.post(CHAT, refused);
    assertThat(said.path("outcome").asText()).as(said.toString()).isEqualTo("refused");
    assertThat(said.path("status").asInt()).isEqualTo(402).isEqualTo(response.statusCode());

    String goesOn = body("two", 100);
    said = explain(goesOn);
    response = gateway.post(CHAT, goesOn);
    assertThat(said.path("target").asText()).as(said.toString()).isEqualTo("fake/gpt-4o-mini");
    assertThat(said.path("why").asText())
        .isEqualTo("priority[1] after one-target")
        .isEqualTo(header(response, "x-penstock-route"));
  }

  @Test
  void reload_newWeightsAndRetryShares_countFromThenOn() throws IOException {
    other.on(CHAT).reply(Script.error(500));
    assertThat(header(ask("canary", 10), "x-penstock-model")).isEqualTo("gpt-4o");
    assertThat(ask("calm", 10).statusCode()).isEqualTo(502);
    assertThat(other.requests()).as("no share for retries").hasSize(1);

    String changed =
        Files.readString(gateway.file())
            .replace(
                "weight: 1 }, { model: fake/gpt-4o-mini, weight: 0",
                "weight: 0 }, { model: fake/gpt-4o-mini, weight: 1")
            .replace("budget: 0%", "budget: 100%");
    Path whole = Files.writeString(gateway.directory().resolve("changed.yaml"), changed);
    Files.move(whole, gateway.file(), StandardCopyOption.REPLACE_EXISTING);
    Await.until(
        "the new weights",
        () -> header(ask("canary", 10), "x-penstock-model").equals("gpt-4o-mini"));

    other.reset();
    other.on(CHAT).reply(Script.error(500));
    assertThat(ask("calm", 10).statusCode()).isEqualTo(502);
    assertThat(other.requests()).hasSize(2);
  }
}
