package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same Idempotency-Key is one call and one bill. */
@ExtendWith(LeakCheck.class)
class IdempotencyTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String STREAM = CHAT.replace("{\"model\"", "{\"stream\":true,\"model\"");

  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway =
      GatewayExtension.of(
          directory -> RunningGateway.patient(RunningGateway.yaml(directory, PROVIDER, "loops: 1")),
          PROVIDER);

  private static HttpResponse<String> call(String key, String body) {
    return gateway.post("/v1/chat/completions", body, "Idempotency-Key", key);
  }

  private static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  @Test
  void unary_isReplayedAndBilledOnce() {
    HttpResponse<String> first = call("unary", CHAT);
    HttpResponse<String> second = call("unary", CHAT);
    assertThat(second.statusCode()).isEqualTo(200);
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(header(second, "x-penstock-route")).isEqualTo("idempotent");
    assertThat(PROVIDER.requests()).hasSize(1);
    String id = header(second, "x-penstock-request-id");
    assertThat(id).isNotEqualTo(header(first, "x-penstock-request-id"));
    assertThat(gateway.admin("/admin/v1/requests/" + id))
        .contains("replayed")
        .contains("\"cost_usd\":\"0.00\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\"stream_options\":{\"include_usage\":true},"})
  void stream_isReplayed_andSaysNoPriceAgain(String options) {
    String body = STREAM.replace("\"stream\":", options + "\"stream\":");
    HttpResponse<String> first = call("stream" + options.length(), body);
    HttpResponse<String> second = call("stream" + options.length(), body);
    assertThat(first.body())
        .contains("\"cost_usd\":")
        .doesNotContain("\"cost_usd\":0.00,")
        .endsWith("data: [DONE]\n\n");
    assertThat(second.body()).isEqualTo(first.body().replaceAll("_usd\":-?[0-9.]+", "_usd\":0.00"));
    assertThat(header(second, "content-type")).startsWith("text/event-stream");
    assertThat(header(second, "x-penstock-cache")).isEqualTo("replayed");
    assertThat(PROVIDER.requests()).hasSize(1);
    String id = header(second, "x-penstock-request-id");
    assertThat(gateway.admin("/admin/v1/requests/" + id))
        .contains("\"provider\":\"fake\"", "\"model\":\"gpt-4o-mini\"");
  }

  @Test
  void secondWhileTheFirstIsInFlight_joinsIt() throws Exception {
    Gate gate = new Gate("answer");
    PROVIDER
        .on("/v1/chat/completions")
        .reply(Script.json("{\"id\":\"joined\",\"choices\":[{}]}").pauseBeforeHeaders(gate));
    CompletableFuture<HttpResponse<String>> first =
        CompletableFuture.supplyAsync(() -> call("join", CHAT));
    PROVIDER.awaitRequest(1);
    CompletableFuture<HttpResponse<String>> second =
        CompletableFuture.supplyAsync(() -> call("join", CHAT));
    Await.until(
        "both are under way",
        () -> gateway.admin("/metrics").lines().anyMatch("penstock_inflight 2.0"::equals));
    gate.open();
    assertThat(second.get(10, TimeUnit.SECONDS).body())
        .isEqualTo(first.get(10, TimeUnit.SECONDS).body());
    assertThat(PROVIDER.requests()).hasSize(1);
  }

  @Test
  void otherBody_isAConflict_butAnotherKeyOfOursIsNot() {
    call("reused", CHAT);
    HttpResponse<String> response = call("reused", CHAT.replace("hi", "ho"));
    assertThat(response.statusCode()).isEqualTo(409);
    assertThat(response.body()).contains("idempotency_conflict");
    HttpResponse<String> others =
        gateway.post(
            "/v1/chat/completions",
            CHAT.replace("hi", "ho"),
            "Idempotency-Key",
            "reused",
            "Authorization",
            "Bearer pk-support",
            "X-Penstock-Metadata",
            "{\"project\":\"p\"}");
    assertThat(others.statusCode()).isEqualTo(200);
  }

  @Test
  void failure_isNotKept() {
    PROVIDER.on("/v1/chat/completions").reply(Script.error(400));
    assertThat(call("failed", CHAT).statusCode()).isEqualTo(400);
    PROVIDER.reset();
    assertThat(call("failed", CHAT).statusCode()).isEqualTo(200);
    assertThat(header(call("failed", CHAT), "x-penstock-route")).isEqualTo("idempotent");
  }

  /** Sends a call and leaves once its provider has it. */
  private static void leave(String key, String body, int upstream) throws Exception {
    try (RawClient client = RawClient.to(gateway)) {
      client.send(RawClient.post("/v1/chat/completions", body, "Idempotency-Key: " + key));
      PROVIDER.awaitRequest(upstream);
    }
    // The one loop has seen the client leave before it answers this.
    assertThat(gateway.get("/healthz").statusCode()).isEqualTo(200);
  }

  @Test
  void clientLeaves_andAsksAgain_itGetsTheAnswerOfTheCallThatWentOn() throws Exception {
    Gate gate = new Gate("the client is back");
    PROVIDER
        .on("/v1/chat/completions")
        .reply(
            Script.json(
                    "{\"id\":\"late\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,"
                        + "\"completion_tokens\":77}}")
                .pauseBeforeHeaders(gate));
    leave("left", CHAT, 1);
    CompletableFuture<HttpResponse<String>> again =
        CompletableFuture.supplyAsync(() -> call("left", CHAT));
    Await.until(
        "both are under way",
        () -> gateway.admin("/metrics").lines().anyMatch("penstock_inflight 2.0"::equals));
    gate.open();
    HttpResponse<String> answer = again.get(10, TimeUnit.SECONDS);
    assertThat(answer.body()).contains("late");
    assertThat(header(answer, "x-penstock-route")).isEqualTo("idempotent");
    assertThat(PROVIDER.requests()).hasSize(1);
    assertThat(gateway.admin("/admin/v1/requests?limit=2"))
        .contains("\"usage_source\":\"reported\"")
        .contains("\"output\":77")
        .doesNotContain("client_gone");
  }

  @Test
  void clientOfAStreamLeaves_theAnswerIsKept() throws Exception {
    Gate gate = new Gate("the client has left");
    PROVIDER
        .on("/v1/chat/completions")
        .reply(
            Script.sse(
                    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}",
                    "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
                        + "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":78}}",
                    "[DONE]")
                .pauseBefore(1, gate));
    leave("left stream", STREAM, 1);
    gate.open();
    HttpResponse<String> again = call("left stream", STREAM);
    assertThat(again.body()).contains("one").endsWith("data: [DONE]\n\n");
    assertThat(header(again, "x-penstock-route")).isEqualTo("idempotent");
    assertThat(PROVIDER.requests()).hasSize(1);
  }

  @Test
  void clientLeaves_theAnswerGrowsOverWhatIsKept_itEndsThere() throws Exception {
    PROVIDER
        .on("/v1/chat/completions")
        .reply(
            Script.endless(
                "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
                    + "word ".repeat(3_000)
                    + "\"}}]}"));
    leave("endless", STREAM, 1);
    Await.until(
        "it has ended",
        () -> gateway.admin("/metrics").lines().anyMatch("penstock_inflight 0.0"::equals));
    // What it had said is counted off the loop.
    Await.until(
        "what was read is billed",
        () -> gateway.admin("/admin/v1/requests?limit=1").contains("client_gone"));
  }

  @Test
  void stop_endsWhatGoesOnWithoutItsClient(@TempDir Path directory) throws Exception {
    Gate never = new Gate("never");
    String yaml =
        RunningGateway.patient(RunningGateway.yaml(directory, PROVIDER, "loops: 1"))
            .replace("drain: 5s", "drain: 1ms");
    PROVIDER.on("/v1/chat/completions").reply(Script.json("{}").pauseBeforeHeaders(never));
    try (RunningGateway first = RunningGateway.start(directory, yaml)) {
      try (RawClient client = RawClient.to(first)) {
        client.send(RawClient.post("/v1/chat/completions", CHAT, "Idempotency-Key: stopped"));
        PROVIDER.awaitRequest(1);
      }
      assertThat(first.get("/healthz").statusCode()).isEqualTo(200);
    } finally {
      never.open();
    }
    try (RunningGateway next = RunningGateway.start(directory, yaml)) {
      assertThat(next.admin("/admin/v1/requests")).contains("\"ending\":\"client_gone\"");
    }
  }
}
