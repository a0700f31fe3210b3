package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.body.BodyMemory;
import io.penstock.providers.TextRoom;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cheap first, judged, then the stronger one: what the client sees and what is billed. */
@ExtendWith(LeakCheck.class)
class CascadeTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CHAT = "/v1/chat/completions";
  private static final String MODELS =
      """
      models:
        careful: { strategy: cascade, targets: [{ model: weak/gpt-4o-mini, accept: "response.json" }, fake/gpt-4o], baseline: fake/gpt-4o }
        sure: { strategy: cascade, targets: [{ model: weak/gpt-4o-mini, accept: "response.finish == 'stop' && response.logprob > -0.4" }, fake/gpt-4o] }
        slow: { strategy: cascade, hold: 50ms, targets: [{ model: weak/gpt-4o-mini, accept: "response.json" }, fake/gpt-4o] }
        bold: { strategy: cascade, targets: [{ model: weak/gpt-4o-mini, accept: "response.json", stream: optimistic }, fake/gpt-4o] }
        tight: { strategy: cascade, targets: [{ model: weak/gpt-4o-mini, accept: "response.json" }, fake/gpt-4.1] }
        hurried: { strategy: cascade, targets: [{ model: weak/gpt-4o-mini, accept: "response.json" }, fake/gpt-4o], hedge: { after: 20ms, budget: 100% } }
        hedged: { targets: [weak/gpt-4o-mini, fake/gpt-4o], hedge: { after: 20ms, budget: 100% } }
      """;

  private static final FakeProvider weak = FakeProvider.start();
  private static final FakeProvider strong = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(CascadeTest::yaml, weak, strong);

  private static String yaml(Path directory) {
    String first =
        "providers:\n  weak: { dialect: openai, base_url: \"%s\", keys: [k], catalogue: openai, retries: { attempts: 0 } }\n"
            .formatted(weak.baseUrl());
    return RunningGateway.yaml(
            directory,
            strong,
            "budgets: [{ name: dear, when: 'target == \"fake/gpt-4.1\"', limit: 0.000001 USD,"
                + " every: month }]")
        .replace("models:\n", MODELS)
        .replace("providers:\n", first);
  }

  @AfterEach
  void nothingIsHeld() {
    Await.until(
        "no call is under way", () -> gateway.admin("/metrics").contains("penstock_inflight 0"));
  }

  private static String body(String model, boolean stream) {
    return "{\"model\":\"%s\",\"max_tokens\":50,\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
        .formatted(model, stream);
  }

  private static HttpResponse<String> ask(String model, boolean stream) {
    HttpResponse<String> response = gateway.post(CHAT, body(model, stream));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response;
  }

  private static Script says(String text, double logprob) {
    return Script.json(
        """
        {"id":"c","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,\
        "message":{"role":"assistant","content":"%s"},"logprobs":{"content":[{"token":"x","logprob":%s}]},\
        "finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25}}\
        """
            .formatted(text.replace("\"", "\\\""), logprob));
  }

  private static Script streams(String... pieces) {
    String[] events = new String[pieces.length + 3];
    String chunk =
        "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4o-mini\",\"choices\":";
    for (int i = 0; i < pieces.length; i++) {
      events[i] =
          chunk
              + "[{\"index\":0,\"delta\":{\"content\":\"%s\"},\"finish_reason\":null}]}"
                  .formatted(pieces[i].replace("\"", "\\\""));
    }
    events[pieces.length] = chunk + "[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}";
    events[pieces.length + 1] =
        chunk + "[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":5,\"total_tokens\":25}}";
    events[pieces.length + 2] = "[DONE]";
    return Script.sse(events);
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  @Test
  void slowTier_isNotHedged_soThatTheStrongerIsThereWhenItIsTurnedDown() throws Exception {
    Gate gate = new Gate("the weak provider answers");
    weak.on(CHAT).reply(says("no JSON", 0).pauseBeforeHeaders(gate));
    strong.on(CHAT).reply(says("strong", 0));
    var judged = CompletableFuture.supplyAsync(() -> ask("hurried", false));
    weak.awaitRequest(1);
    // Armed later, so the other would have been hedged by the time that this one is.
    assertThat(ask("hedged", false).body()).contains("strong");
    assertThat(strong.requests()).hasSize(1);
    gate.open();
    HttpResponse<String> response = judged.join();
    assertThat(response.body()).contains("strong");
    assertThat(gateway.rows(response))
        .extracting(row -> row.path("cause").asText())
        .containsExactly("request", "cascade");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void acceptedAnswer_isServed_andNobodyElseIsAsked(boolean stream) throws Exception {
    weak.on(CHAT).reply(stream ? streams("{\"a\":", "1}") : says("{\"a\":1}", 0));
    HttpResponse<String> response = ask("careful", stream);
    assertThat(header(response, "x-penstock-route")).isEqualTo("cascade[0]");
    assertThat(header(response, "x-penstock-model")).isEqualTo("gpt-4o-mini");
    assertThat(response.body()).contains("1}");
    assertThat(strong.requests()).isEmpty();
    assertThat(gateway.rows(response)).hasSize(1);
  }

  @Test
  void longStream_isJudgedByAllOfItsText() throws Exception {
    String[] pieces = new String[2_000];
    Arrays.fill(
        pieces,
        "a hundred characters, so that more comes than is kept of text by which tokens are counted"
            + " at most. ");
    pieces[0] = "{\"a\":\"";
    pieces[pieces.length - 1] = "\"}";
    weak.on(CHAT).reply(streams(pieces));
    HttpResponse<String> response = ask("careful", true);
    assertThat(response.body()).contains("\"answered_by\":\"weak/gpt-4o-mini\"");
    assertThat(strong.requests()).isEmpty();
    Await.until("its text is let go of", () -> BodyMemory.HEAP.held() < TextRoom.FREE);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void unacceptedAnswer_isBilledAndNeverSeen_theStrongerOneAnswers(boolean stream)
      throws Exception {
    weak.on(CHAT).reply(stream ? streams("I do", " not know") : says("I do not know", 0));
    HttpResponse<String> response = ask("careful", stream);
    assertThat(header(response, "x-penstock-route")).isEqualTo("cascade[1] after not accepted");
    assertThat(header(response, "x-penstock-model")).isEqualTo("gpt-4o");
    assertThat(response.body()).contains("Hello").doesNotContain("not know");
    JsonNode rows = gateway.rows(response);
    assertThat(rows).hasSize(2);
    assertThat(rows.path(0).path("waste").asText()).isEqualTo("cascade");
    assertThat(rows.path(1).path("cause").asText()).isEqualTo("cascade");
    BigDecimal both =
        new BigDecimal(rows.path(0).path("cost_usd").asText())
            .add(new BigDecimal(rows.path(1).path("cost_usd").asText()));
    assertThat(rows.path(0).path("cost_usd").asText()).isNotEqualTo("0.00");
    // The tier that was in vain is a loss against asking the baseline at once.
    assertThat(rows.path(0).path("premium_usd").asText())
        .isEqualTo(rows.path(0).path("cost_usd").asText());
    if (!stream) {
      assertThat(new BigDecimal(header(response, "x-penstock-cost-usd")))
          .isEqualByComparingTo(both);
      assertThat(header(response, "x-penstock-saved-usd")).startsWith("-0.0");
    }
  }

  @Test
  void unacceptedAnswerWithoutUsage_isALossAsWell() throws Exception {
    weak.on(CHAT)
        .reply(
            Script.json(
                "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                    + "\"content\":\"I do not know\"},\"finish_reason\":\"stop\"}]}"));
    HttpResponse<String> response = ask("careful", false);
    Await.until("both are rows", () -> attemptsOf(response) == 2);
    JsonNode lost = null;
    for (JsonNode row : gateway.rows(response)) {
      lost = row.path("waste").asText().equals("cascade") ? row : lost;
    }
    assertThat(lost).isNotNull();
    assertThat(lost.path("usage_source").asText()).isEqualTo("estimated");
    assertThat(lost.path("cost_usd").asDouble()).isPositive();
    assertThat(lost.path("premium_usd").asText()).isEqualTo(lost.path("cost_usd").asText());
  }

  private static int attemptsOf(HttpResponse<String> response) {
    try {
      return gateway.rows(response).size();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void jsonOfAnotherForm_thanTheClientAskedFor_isNotAccepted(boolean stream) {
    String schema =
        "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":"
            + "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":[\"a\"],"
            + "\"additionalProperties\":false}}},\"messages\"";
    String asked = body("careful", stream).replace("\"messages\"", schema);
    weak.on(CHAT).reply(stream ? streams("{\"a\":", "1}") : says("{\"a\":1}", 0));
    assertThat(header(gateway.post(CHAT, asked), "x-penstock-route")).isEqualTo("cascade[0]");
    weak.on(CHAT).reply(stream ? streams("{\"b\":", "1}") : says("{\"b\":1}", 0));
    assertThat(header(gateway.post(CHAT, asked), "x-penstock-route"))
        .isEqualTo("cascade[1] after not accepted");
  }

  @Test
  void heldStream_nothingGoesOutBeforeItIsJudged() {
    Gate gate = new Gate("last event");
    weak.on(CHAT).reply(streams("no", " json").pauseBefore(1, gate));
    var answer =
        java.util.concurrent.CompletableFuture.supplyAsync(() -> ask("careful", true).body());
    weak.awaitRequest(1);
    assertThat(strong.requests()).isEmpty();
    gate.open();
    assertThat(answer.join()).contains("Hello").doesNotContain("json").endsWith("data: [DONE]\n\n");
  }

  /** Whoever answers is not known yet when the headers go out. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void holdOver_beforeItIsJudged_theLastEventNamesWhoAnswered(boolean accepted) throws Exception {
    Gate gate = new Gate("last event");
    weak.on(CHAT)
        .reply(
            streams(accepted ? "{\"a\":" : "no", accepted ? "1}" : " json").pauseBefore(1, gate));
    try (RawClient client = RawClient.to(gateway)) {
      client.send(RawClient.post(CHAT, body("slow", true)));
      assertThat(client.readUntil(": ping\n\n"))
          .startsWith("HTTP/1.1 200")
          .contains("x-penstock-request-id")
          .doesNotContain("x-penstock-model", "x-penstock-provider", "x-penstock-route");
      gate.open();
      assertThat(client.readUntil("[DONE]"))
          .contains(
              "\"answered_by\":\"%s\",\"cost_usd\""
                  .formatted(accepted ? "weak/gpt-4o-mini" : "fake/gpt-4o"));
    }
  }

  @Test
  void optimisticStream_goesOutAsItComes_unjudged() {
    weak.on(CHAT).reply(streams("no", " json"));
    HttpResponse<String> response = ask("bold", true);
    assertThat(response.body()).contains("no").contains(" json");
    assertThat(strong.requests()).isEmpty();
    weak.on(CHAT).reply(says("no json", 0));
    assertThat(header(ask("bold", false), "x-penstock-model")).isEqualTo("gpt-4o");
  }

  @Test
  void logprob_isAskedForAndRead() {
    weak.on(CHAT).reply(says("sure", -0.1));
    assertThat(header(ask("sure", false), "x-penstock-model")).isEqualTo("gpt-4o-mini");
    assertThat(weak.awaitRequest(1).text()).contains("\"logprobs\":true");
    weak.on(CHAT).reply(says("perhaps", -0.9));
    assertThat(header(ask("sure", false), "x-penstock-model")).isEqualTo("gpt-4o");
    assertThat(strong.awaitRequest(1).text()).doesNotContain("logprobs");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void weakTierFails_theStrongerOneIsTheFallback(boolean stream) throws Exception {
    weak.on(CHAT).reply(Script.error(500));
    HttpResponse<String> response = ask("careful", stream);
    assertThat(header(response, "x-penstock-route")).isEqualTo("cascade[1] after 500");
    assertThat(gateway.rows(response).path(1).path("cause").asText()).isEqualTo("fallback");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void strongerTierFailsOrIsTooDear_theWeakAnswerIsBetterThanNone(boolean stream) {
    weak.on(CHAT).reply(stream ? streams("my", " guess") : says("my guess", 0));
    strong.on(CHAT).reply(Script.error(500));
    assertThat(ask("careful", stream).body()).contains("guess");
    assertThat(ask("tight", stream).body()).contains("guess");
  }

  @Test
  void clientLeavesAtTheSecondTier_bothAreSettledAndNothingLeaks() throws Exception {
    weak.on(CHAT).reply(says("I do not know", 0));
    strong.on(CHAT).reply(Script.silentAccept());
    var left =
        java.net.http.HttpClient.newHttpClient()
            .sendAsync(
                HttpRequest.newBuilder(URI.create(gateway.url() + CHAT))
                    .header("Authorization", "Bearer " + RunningGateway.KEY)
                    .POST(HttpRequest.BodyPublishers.ofString(body("careful", false)))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    strong.awaitRequest(1);
    left.cancel(true);
    strong.awaitRequest(1).awaitClosed();
  }

  @Test
  void explain_saysWhatIsJudged() throws Exception {
    String asked = "{\"key\":\"k-test\",\"body\":" + body("careful", true) + "}";
    URI uri = URI.create("http://127.0.0.1:" + gateway.gateway().adminPort() + "/admin/v1/explain");
    JsonNode said =
        JSON.readTree(
            RunningGateway.send(
                    HttpRequest.newBuilder(uri)
                        .POST(HttpRequest.BodyPublishers.ofString(asked))
                        .build())
                .body());
    assertThat(said.path("candidates").path(0).path("accept").asText()).isEqualTo("response.json");
    assertThat(said.path("candidates").path(0).path("stream").asText()).isEqualTo("hold");
    assertThat(said.path("candidates").path(1).path("why").asText()).isEqualTo("cascade[1]");
    assertThat(weak.requests()).isEmpty();
  }
}
