package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Paths that are forwarded as they are, and headers that every upstream call carries. */
@ExtendWith(LeakCheck.class)
class PassthroughTest {
  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(PassthroughTest::yaml, PROVIDER);

  private static String yaml(Path directory) {
    return RunningGateway.yaml(
            directory,
            PROVIDER,
            "passthrough: { /v1/files: fake, /v1/batches: fake, /v1/uploads: fake }\n"
                + "rates:\n"
                + "  - { name: batches, when: 'endpoint == \"passthrough\" &&"
                + " headers[\"x-kind\"] == \"batch\"', per: key, concurrent: 1 }\n"
                + "  - { name: uploads, when: 'provider == \"fake\" && headers[\"x-kind\"] =="
                + " \"upload\"', requests: 1, every: day }")
        .replace("catalogue: openai", "catalogue: openai\n    headers: { x-tenant: blue-tenant }");
  }

  @Test
  void post_passesAsItIs_withOurCredentialAndWithoutTheClients() {
    PROVIDER
        .on("/v1/files")
        .reply(Script.json("{\"id\": \"file-1\"}").status(201).header("x-new", "1"));
    HttpResponse<String> response =
        gateway.post(
            "/v1/files?purpose=batch&key=pk-leaked",
            "not json at all",
            "X-Penstock-Session",
            "s1",
            "OpenAI-Beta",
            "b=1");
    assertThat(response.statusCode()).isEqualTo(201);
    assertThat(response.body()).isEqualTo("{\"id\": \"file-1\"}");
    assertThat(response.headers().firstValue("x-new")).hasValue("1");
    Received sent = PROVIDER.awaitRequest(1);
    assertThat(sent.text()).isEqualTo("not json at all");
    assertThat(sent.path()).isEqualTo("/v1/files?purpose=batch");
    assertThat(sent.header("content-type")).isEqualTo("application/json");
    assertThat(sent.header("openai-beta")).isEqualTo("b=1");
    assertThat(sent.header("authorization")).isEqualTo("Bearer sk-upstream");
    assertThat(sent.header("x-tenant")).isEqualTo("blue-tenant");
    assertThat(sent.header("x-penstock-session")).isNull();
    String id = response.headers().firstValue("x-penstock-request-id").orElseThrow();
    assertThat(gateway.admin("/admin/v1/requests/" + id))
        .contains("\"endpoint\":\"passthrough\"")
        .contains("\"team\":\"engineering\"")
        .contains("\"status\":201")
        .contains("\"cost_usd\":\"0.00\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/files",
        "/v1/files/x",
        "/healthz",
        "/v1/chat/completions",
        "api.openai.com:443",
        "/gemini/v1beta/models"
      })
  void connect_isRefusedInTheDialect_reachesNobody_andIsTheLast(String target) throws Exception {
    PROVIDER.on("/v1/files").reply(Script.json("{}"));
    String head =
        " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + RunningGateway.KEY + "\r\n\r\n";
    try (RawClient client = RawClient.to(gateway)) {
      client.send("CONNECT " + target + head + "GET /v1/files" + head);
      String answer = client.readToEnd();
      assertThat(answer)
          .startsWith("HTTP/1.1 405")
          .containsOnlyOnce("HTTP/1.1")
          .containsIgnoringCase("connection: close")
          .contains(target.startsWith("/gemini") ? "\"status\":" : "method_not_allowed")
          .contains("CONNECT");
      assertThat(gateway.admin("/admin/v1/requests/" + idIn(answer))).contains("\"status\":405");
    }
    assertThat(PROVIDER.requests()).isEmpty();
  }

  private static String idIn(String answer) {
    return answer.replaceAll("(?is).*x-penstock-request-id: ([0-9a-f-]+).*", "$1");
  }

  @Test
  void deeperPath_statusOfTheProvider_comesThrough() {
    PROVIDER.on("/v1/files/none/content").reply(Script.json("{\"error\":{}}").status(404));
    HttpResponse<String> response = gateway.get("/v1/files/none/content");
    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(response.body()).isEqualTo("{\"error\":{}}");
  }

  @Test
  void headersOfTheProvider_withoutThoseOfItsAccount_andWithItsOwnId() {
    PROVIDER
        .on("/v1/files")
        .reply(
            Script.json("{}")
                .header("x-request-id", "req_of_theirs")
                .header("openai-organization", "acme-inc")
                .header("set-cookie", "a=b"));
    HttpResponse<String> response = gateway.get("/v1/files");
    assertThat(response.headers().firstValue("x-penstock-upstream-request-id"))
        .hasValue("req_of_theirs");
    assertThat(response.headers().map()).doesNotContainKeys("openai-organization", "set-cookie");
    assertThat(response.headers().firstValue("x-request-id")).isNotEqualTo("req_of_theirs");
  }

  @Test
  void callUnderWay_isInTheJournal() {
    Gate gate = new Gate("the provider answers");
    PROVIDER.on("/v1/files").reply(Script.json("{}").pauseBeforeHeaders(gate));
    var asked = CompletableFuture.supplyAsync(() -> gateway.get("/v1/files"));
    PROVIDER.awaitRequest(1);
    Await.until("it is open", () -> gateway.admin("/admin/v1/status").contains("\"open\":1"));
    gate.open();
    assertThat(asked.join().statusCode()).isEqualTo(200);
    Await.until("it has its row", () -> gateway.admin("/admin/v1/status").contains("\"open\":0"));
  }

  @Test
  void ourCredentialRefused_isA502() {
    PROVIDER.on("/v1/files").reply(Script.error(401));
    HttpResponse<String> response = gateway.get("/v1/files");
    assertThat(response.statusCode()).isEqualTo(502);
    assertThat(response.body()).contains("upstream_credentials");
  }

  @Test
  void concurrency_usedUp_isRefused_untilTheCallThatIsPassedOnHasEnded() {
    Gate gate = new Gate("batches answer");
    PROVIDER.on("/v1/batches").reply(Script.json("{}"));
    PROVIDER.on("/v1/batches").first(1).reply(Script.json("{}").pauseBeforeHeaders(gate));
    CompletableFuture<HttpResponse<String>> held =
        CompletableFuture.supplyAsync(() -> gateway.post("/v1/batches", "a", "x-kind", "batch"));
    PROVIDER.awaitRequest(1);

    HttpResponse<String> refused = gateway.post("/v1/batches", "b", "x-kind", "batch");
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.body()).contains("concurrency_limited").contains("batches");
    assertThat(gateway.admin("/metrics"))
        .containsPattern("penstock_rate_limited_total\\{limit=\"batches\"\\} 1");
    assertThat(gateway.post("/v1/batches", "c").statusCode()).isEqualTo(200);
    gate.open();
    assertThat(held.join().statusCode()).isEqualTo(200);
    Await.until(
        "the permit is back",
        () -> gateway.post("/v1/batches", "d", "x-kind", "batch").statusCode() == 200);
  }

  @Test
  void rateOfTheProvider_countsWhatIsPassedOn() {
    PROVIDER.on("/v1/uploads").reply(Script.json("{}"));
    assertThat(gateway.post("/v1/uploads", "a", "x-kind", "upload").statusCode()).isEqualTo(200);
    HttpResponse<String> refused = gateway.post("/v1/uploads", "b", "x-kind", "upload");
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.body()).contains("rate_limited").contains("uploads");
    assertThat(PROVIDER.requests()).hasSize(1);
  }

  @Test
  void climbingPath_orUnknownKey_neverReachesTheProvider() {
    assertThat(gateway.get("/v1/files/%2e%2e/organization").statusCode()).isEqualTo(400);
    assertThat(gateway.post("/v1/files", "x", "Authorization", "Bearer pk-unknown").statusCode())
        .isEqualTo(401);
    assertThat(PROVIDER.requests()).isEmpty();
  }

  @Test
  void webSocket_is426() throws Exception {
    try (RawClient client = RawClient.to(gateway)) {
      client.send(
          "GET /v1/files HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      assertThat(client.readUntil("}}")).startsWith("HTTP/1.1 426").contains("upgrade_required");
    }
    assertThat(PROVIDER.requests()).isEmpty();
  }

  @Test
  void configuredHeaders_areOnModelCallsToo() {
    gateway.post(
        "/v1/chat/completions",
        "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    assertThat(PROVIDER.awaitRequest(1).header("x-tenant")).isEqualTo("blue-tenant");
  }
}
