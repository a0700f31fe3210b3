package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The same Idempotency-Key is one call and one bill. */
@ExtendWith(LeakCheck.class)
class IdempotencyTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String STREAM = CHAT.replace("{\"model\"", "{\"stream\":true,\"model\"");

  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension static final GatewayExtension gateway = GatewayExtension.of(PROVIDER, "");

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

  @Test
  void stream_isReplayedByteByByte() {
    HttpResponse<String> first = call("stream", STREAM);
    HttpResponse<String> second = call("stream", STREAM);
    assertThat(first.body()).endsWith("data: [DONE]\n\n");
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(header(second, "content-type")).startsWith("text/event-stream");
    assertThat(PROVIDER.requests()).hasSize(1);
  }

  @Test
  void secondWhileTheFirstIsInFlight_joinsIt() throws Exception {
    Gate gate = new Gate("answer");
    PROVIDER
        .on("/v1/chat/completions")
        .reply(Script.json("{\"id\":\"joined\",\"choices\":[]}").pauseBeforeHeaders(gate));
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
}
