package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What becomes of a call when something that reads its answer throws: what is optional is left
 * away, everything else ends the call, answered and settled. The clock is the defect: it fails for
 * whoever asks it from inside one method.
 */
@ExtendWith(LeakCheck.class)
class DefectsTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"max_tokens\":50,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String STREAM =
      "{\"stream\":true,\"model\":\"gpt-4o-mini\",\"max_tokens\":50,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";
  private static final String FILES = "/v1/files/f1";
  private static final String MORE =
      """
      cache: { exact: { ttl: 1h }, singleflight: true }
      passthrough: { /v1/files: fake }
      budgets: [{ name: all, limit: 10 USD, every: month }]
      rates: [{ name: calls, requests: 1000, every: minute }]
      """;

  @TempDir Path directory;
  private final DefectiveTicker ticker = new DefectiveTicker();
  private FakeProvider provider;
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    provider = FakeProvider.start();
    gateway =
        RunningGateway.start(directory, RunningGateway.yaml(directory, provider, MORE), ticker);
  }

  @AfterEach
  void stop() {
    ticker.method = "";
    gateway.awaitRest();
    gateway.close();
    provider.close();
  }

  /** Whoever is left without an answer fails a test instead of holding it up. */
  private static HttpResponse<String> soon(Supplier<HttpResponse<String>> call) {
    return CompletableFuture.supplyAsync(call).orTimeout(30, TimeUnit.SECONDS).join();
  }

  private HttpResponse<String> chat(String body) {
    return soon(() -> gateway.post(PATH, body));
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  @ParameterizedTest
  @ValueSource(strings = {CHAT, STREAM})
  void keeper_fails_theClientHasItsAnswer_andNobodyElse(String body) {
    ticker.method = "AnswerKeeper.entry";
    HttpResponse<String> first = chat(body);
    assertThat(ticker.thrown).hasValue(1);
    assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
    assertThat(gateway.rows(first).path(0).path("status").asInt()).isEqualTo(200);
    ticker.method = "";
    HttpResponse<String> second = chat(body);
    assertThat(header(second, "x-penstock-cache")).isEqualTo("miss");
    assertThat(header(chat(body), "x-penstock-cache")).isEqualTo("exact");
    assertThat(provider.requests()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"AnswerHeaders.whole", "Vitals.onWhole"})
  void whole_whatTakesItFails_is500AndSettled(String method) {
    ticker.method = method;
    HttpResponse<String> response = chat(CHAT);
    assertThat(ticker.thrown).hasPositiveValue();
    assertThat(response.statusCode()).as(response.body()).isEqualTo(500);
    assertThat(response.body()).contains("internal_error");
    JsonNode rows = gateway.rows(response);
    assertThat(rows.path(0).path("attempt").asInt()).as(rows.toString()).isZero();
    assertThat(rows.path(0).path("error").asText()).isEqualTo("internal_error");
    assertThat(rows.path(1).path("cost_usd").asText()).as(rows.toString()).isNotEqualTo("0.00");
    assertThat(rows).hasSize(2);
  }

  @Test
  void whole_rowFails_is500AndNothingIsHeld() {
    ticker.method = "Account.row";
    HttpResponse<String> response = chat(CHAT);
    assertThat(ticker.thrown).hasPositiveValue();
    assertThat(response.statusCode()).as(response.body()).isEqualTo(500);
  }

  @Test
  void whole_cannotEvenBeSettled_is500AndNothingIsHeld() {
    ticker.method = "Account.settle";
    HttpResponse<String> response = chat(CHAT);
    assertThat(ticker.thrown).hasPositiveValue();
    assertThat(response.statusCode()).as(response.body()).isEqualTo(500);
  }

  @Test
  void refusal_itsRowFails_isToldAndOver() {
    ticker.method = "Accounting.withoutAttempt";
    HttpResponse<String> response = chat(CHAT.replace("gpt-4o-mini", "no-such-model"));
    // Its client is told first.
    Await.until("it failed", () -> ticker.thrown.get() > 0);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(404);
  }

  @Test
  void stream_failsBehindItsContent_endsWithAnErrorEvent() {
    ticker.method = "Account.row";
    HttpResponse<String> response = chat(STREAM);
    assertThat(ticker.thrown).hasPositiveValue();
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("internal_error").endsWith("}\n\ndata: [DONE]\n\n");
  }

  @Test
  void stream_failsBeforeItsContent_is500() {
    ticker.method = "Vitals.onFirstToken";
    HttpResponse<String> response = chat(STREAM);
    assertThat(ticker.thrown).hasPositiveValue();
    assertThat(response.statusCode()).as(response.body()).isEqualTo(500);
    gateway.awaitCounted();
    assertThat(gateway.rows(response)).hasSize(2);
  }

  @Test
  void failure_whatTakesItFails_is500() {
    provider.on(PATH).reply(Script.error(500));
    ticker.method = "Vitals.onFailure";
    HttpResponse<String> response = chat(CHAT);
    assertThat(ticker.thrown).hasPositiveValue();
    assertThat(response.statusCode()).as(response.body()).isEqualTo(500);
    assertThat(response.body()).contains("internal_error");
  }

  @Test
  void client_leaves_whatStopsItsAttemptFails_holdsNothing() throws Exception {
    Gate never = new Gate("nobody answers");
    provider.on(PATH).reply(Script.json(ANSWER).pauseBeforeHeaders(never));
    try (RawClient client = RawClient.to(gateway)) {
      client.send(
          "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
              .formatted(PATH, RunningGateway.KEY, CHAT.length(), CHAT));
      provider.awaitRequest(1);
      ticker.method = "Attempts.clientGone";
    }
    Await.until("it failed", () -> ticker.thrown.get() > 0);
    never.open();
    gateway.awaitCounted();
  }

  @Test
  void failure_refusedConnection_whatTakesItFails_costsNothing() {
    provider.close();
    ticker.method = "Vitals.onFailure";
    HttpResponse<String> response = chat(CHAT);
    assertThat(ticker.thrown).hasPositiveValue();
    assertThat(response.statusCode()).as(response.body()).isEqualTo(500);
    JsonNode attempt = gateway.rows(response).path(1);
    assertThat(attempt.path("error").asText()).as(attempt.toString()).isEqualTo("internal_error");
    assertThat(attempt.path("usage_source").asText()).isEqualTo("none");
    assertThat(attempt.path("cost_usd").asText()).isEqualTo("0.00");
    provider = FakeProvider.start();
  }

  @Test
  void follower_cannotBegin_is500_andItsLeaderGoesOn() {
    Gate gate = new Gate("the other waits");
    provider
        .on(PATH)
        .reply(
            Script.sse(
                    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}",
                    "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
                        + "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1}}",
                    "[DONE]")
                .pauseBeforeHeaders(gate));
    var leader = CompletableFuture.supplyAsync(() -> chat(STREAM));
    provider.awaitRequest(1);
    ticker.method = "FlightFollower.write";
    var follower = CompletableFuture.supplyAsync(() -> chat(STREAM));
    awaitTwo();
    gate.open();
    assertThat(leader.join().body()).contains("one").contains("[DONE]");
    assertThat(follower.join().statusCode()).as(follower.join().body()).isEqualTo(500);
    assertThat(follower.join().body()).contains("internal_error");
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void joinedByKey_cannotBeReplayed_is500() {
    Gate gate = new Gate("the other waits");
    provider.on(PATH).reply(Script.json(ANSWER).pauseBeforeHeaders(gate));
    Supplier<HttpResponse<String>> call =
        () ->
            soon(() -> gateway.post(PATH, CHAT, "Idempotency-Key", "k", "X-Penstock-Cache", "off"));
    var first = CompletableFuture.supplyAsync(call);
    provider.awaitRequest(1);
    ticker.method = "Idempotency.replay";
    var second = CompletableFuture.supplyAsync(call);
    awaitTwo();
    gate.open();
    assertThat(first.join().statusCode()).isEqualTo(200);
    assertThat(second.join().statusCode()).as(second.join().body()).isEqualTo(500);
    assertThat(second.join().body()).contains("internal_error");
  }

  private void awaitTwo() {
    Await.until(
        "two calls are under way",
        () -> gateway.admin("/metrics").lines().anyMatch("penstock_inflight 2.0"::equals));
  }

  @Test
  void passedThrough_headFails_is500_andRecorded() {
    provider.on(FILES).reply(Script.json("{}"));
    ticker.method = "PassedExchange.onHead";
    HttpResponse<String> response = soon(() -> gateway.get(FILES));
    assertThat(ticker.thrown).hasPositiveValue();
    assertThat(response.statusCode()).as(response.body()).isEqualTo(500);
    assertThat(response.body()).contains("internal_error");
    assertThat(gateway.rows(response).path(1).path("error").asText()).isEqualTo("internal_error");
  }

  @Test
  void passedThrough_recordFails_endsTheConnection() {
    provider.on(FILES).reply(Script.json("{}"));
    ticker.method = "PassedRecord.close";
    assertThat(
            CompletableFuture.supplyAsync(() -> gateway.get(FILES))
                .orTimeout(30, TimeUnit.SECONDS)
                .handle((answer, failed) -> String.valueOf(failed))
                .join())
        .doesNotContain("Timeout")
        .contains("IOException");
    assertThat(ticker.thrown).hasValue(1);
  }
}
