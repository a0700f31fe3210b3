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
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
            "passthrough: { /v1/files: fake, /v1/batches: fake, /v1/uploads: fake, /v1: fake, /:"
                + " fake }\n"
                + "rates:\n"
                + "  - { name: batches, when: 'endpoint == \"passthrough\" && headers[\"x-kind\"]"
                + " == \"batch\"', per: key, concurrent: 1 }\n"
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
  void errorThatTellsTheRequest_comesWithoutOurCredential() {
    PROVIDER
        .on("/v1/files/echo")
        .reply(
            Script.json("{\"error\":\"no: Bearer sk-upstream, blue-tenant, \u00fc\"}").status(403));

    HttpResponse<String> response = gateway.get("/v1/files/echo");

    assertThat(response.statusCode()).isEqualTo(403);
    assertThat(response.body()).isEqualTo("{\"error\":\"no: Bearer ****, blue-tenant, \u00fc\"}");
  }

  @Test
  void headersOfTheProvider_withoutThoseOfItsAccount_andWithItsOwnId() {
    PROVIDER
        .on("/v1/files")
        .reply(
            Script.json("{}")
                .header("x-request-id", "req_of_theirs")
                .header("openai-organization", "acme-inc")
                .header("set-cookie", "a=b")
                .header("alt-svc", "h3=\":443\"")
                .header("nel", "{\"report_to\":\"x\"}")
                .header("report-to", "{\"group\":\"x\"}")
                .header("strict-transport-security", "max-age=31536000; includeSubDomains"));
    HttpResponse<String> response = gateway.get("/v1/files");
    assertThat(response.headers().firstValue("x-penstock-upstream-request-id"))
        .hasValue("req_of_theirs");
    assertThat(response.headers().map())
        .doesNotContainKeys(
            "openai-organization",
            "set-cookie",
            "alt-svc",
            "nel",
            "report-to",
            "strict-transport-security");
    assertThat(response.headers().firstValue("x-request-id")).isNotEqualTo("req_of_theirs");
  }

  @Test
  void headersOfOneConnection_passNeitherWay() throws Exception {
    PROVIDER
        .on("/v1/files")
        .reply(
            Script.json("{\"id\": \"file-1\"}")
                .header("connection", "X-Hop, x-other, keep-alive")
                .header("x-hop", "1")
                .header("x-other", "1")
                .header("keep-alive", "timeout=5")
                .header("proxy-connection", "keep-alive")
                .header("proxy-authenticate", "Basic realm=inside")
                .header("proxy-authentication-info", "nextnonce=1")
                .header("upgrade", "h2c")
                .header("trailer", "x-sum")
                .header("x-end-to-end", "1"));
    try (RawClient client = RawClient.to(gateway)) {
      client.send(
          RawClient.post(
              "/v1/files",
              "{}",
              "Connection: X-Hop, close",
              "Connection: x-other",
              "X-Hop: 1",
              "X-Other: 1",
              "Keep-Alive: timeout=5",
              "Proxy-Connection: keep-alive",
              "Proxy-Authorization: Basic eDp5",
              "Proxy-Authentication-Info: nextnonce=1",
              "TE: trailers",
              "Trailer: x-sum",
              "Upgrade: h2c",
              "X-End-To-End: 1"));
      assertThat(client.readToEnd().toLowerCase(Locale.ROOT))
          .startsWith("http/1.1 200")
          .contains("x-end-to-end: 1\r\n", "connection: close\r\n")
          .doesNotContain("hop", "x-other", "keep-alive", "proxy-", "upgrade", "trailer");
    }
    Received sent = PROVIDER.awaitRequest(1);
    assertThat(sent.header("x-end-to-end")).isEqualTo("1");
    for (String name :
        List.of(
            "x-hop",
            "x-other",
            "keep-alive",
            "proxy-connection",
            "proxy-authorization",
            "proxy-authentication-info",
            "te",
            "trailer",
            "upgrade")) {
      assertThat(sent.header(name)).as(name).isNull();
    }
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

  @ParameterizedTest
  @CsvSource({
    "limit=3;x=1&key=pk-test, 200, /v1/files?limit=3;x=1",
    "monkey=1&k%65y=pk-test, 200, /v1/files?monkey=1",
    "key=pk%2Dtest&key=pk-test&a=%zz, 200, /v1/files?a=%zz",
    "%6b%65%79=pk-test#&b=2, 401, ''",
    "limit=3;key=pk-test, 401, ''",
    "Key=pk-test, 401, ''",
    "key=%zz, 401, ''"
  })
  void keyInTheQuery_howeverItIsWritten_isFoundAndTakenOut(String query, int status, String sent)
      throws Exception {
    PROVIDER.on("/v1/files").reply(Script.json("{}"));
    try (RawClient client = RawClient.to(gateway)) {
      client.send("GET /v1/files?" + query + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      assertThat(client.readToEnd()).startsWith("HTTP/1.1 " + status);
    }
    assertThat(PROVIDER.requests().stream().map(Received::path).toList())
        .isEqualTo(sent.isEmpty() ? List.of() : List.of(sent));
  }

  @Test
  void credentialsInHeaders_inAnyCaseOrTwice_stayHere() throws Exception {
    PROVIDER.on("/v1/files").reply(Script.json("{}"));
    String key = RunningGateway.KEY;
    try (RawClient client = RawClient.to(gateway)) {
      client.send(
          "GET /v1/files HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
              + ("X-API-Key: " + key + "\r\nx-api-key: " + key + "\r\nAPI-KEY: " + key + "\r\n")
              + ("X-Goog-Api-Key: " + key + "\r\nAUTHORIZATION: Bearer " + key + "\r\n")
              + ("authorization: Bearer " + key + "\r\nProxy-Authorization: Basic " + key)
              + ("\r\nCookie: a=" + key + "\r\nX-Kept: yes\r\n\r\n"));
      assertThat(client.readToEnd()).startsWith("HTTP/1.1 200");
    }
    Received sent = PROVIDER.awaitRequest(1);
    assertThat(sent.headers().toString()).doesNotContain(key).contains("x-kept");
    assertThat(sent.header("authorization")).isEqualTo("Bearer sk-upstream");
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /v1/chat/completions, 404, model_not_found",
    "POST, /openai/v1/chat/completions, 404, model_not_found",
    "GET, /v1/chat/completions, 405, method_not_allowed",
    "DELETE, /v1/models, 405, method_not_allowed",
    "POST, /v1/responses/resp_1, 404, unknown_path",
    "GET, /v1/responses/resp_1/whatever, 404, unknown_path",
    "POST, /v1beta/models/m:predict, 404, NOT_FOUND",
    "POST, /v1/chat/completions/, 404, unknown_path",
    "POST, /v1//chat/completions, 404, unknown_path",
    "POST, /v1/./chat/%63ompletions, 404, unknown_path",
    "POST, /v1/chat%2Fcompletions, 404, unknown_path",
    "POST, /v1/chat/%2563ompletions, 404, unknown_path",
    "POST, /V1/Chat/Completions, 404, unknown_path",
    "POST, /v1/chat/completions;x=1, 404, unknown_path",
    "POST, /chat/completions, 404, unknown_path",
    "POST, /completions, 404, unknown_path",
    "POST, /v1/chat/completions#, 400, invalid_request",
    "POST, /v1/chat/completions%23x, 400, invalid_request",
    "POST, /v1/chat/completions%253F, 400, invalid_request",
    "POST, /v1/chat/completions%00, 400, invalid_request",
    "POST, /v1/files/%252e%252e/chat/completions, 400, invalid_request",
    "POST, /v1/files/..;x/chat/completions, 400, invalid_request",
    "POST, /v1/chat/%63ompletions;%zz, 400, invalid_request",
    "POST, /v1beta/openai/chat/completions, 404, unknown_path",
    "POST, /openai/deployments/d/chat/completions, 404, unknown_path",
    "POST, /v1alpha/models/m:generateContent, 404, unknown_path"
  })
  void servedPath_underAnEntryThatIsAPrefix_isServedOrRefused_andNeverPassedOn(
      String method, String path, int status, String code) throws Exception {
    try (RawClient client = RawClient.to(gateway)) {
      String body = "{\"model\":\"nosuch\",\"messages\":[]}";
      client.send(
          (method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n")
              + ("Authorization: Bearer " + RunningGateway.KEY + "\r\nContent-Length: ")
              + (body.length() + "\r\nContent-Type: application/json\r\n\r\n" + body));
      assertThat(client.readToEnd()).startsWith("HTTP/1.1 " + status).contains(code);
    }
    assertThat(PROVIDER.requests()).isEmpty();
  }

  @Test
  void restOfAPrefix_isPassedOn() {
    PROVIDER.on("/v1/videos").reply(Script.json("{}"));
    PROVIDER.on("/v1/images/edits").reply(Script.json("{}"));
    PROVIDER.on("/v1/elsewhere").reply(Script.json("{}"));
    assertThat(gateway.post("/v1/videos", "{}").statusCode()).isEqualTo(200);
    assertThat(gateway.post("/v1/images/edits", "{}").statusCode()).isEqualTo(200);
    assertThat(gateway.post("/elsewhere", "{}").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/openai/v1/files", "/anthropic/v1/files", "/gemini/v1/files"})
  void pathUnderAPrefixOfTheGateway_goesOnWithoutIt(String path) {
    PROVIDER.on("/v1/files").reply(Script.json("{}"));
    assertThat(gateway.post(path, "{}").statusCode()).isEqualTo(200);
    assertThat(PROVIDER.requests()).hasSize(1).allMatch(one -> one.path().equals("/v1/files"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/openai/v1/chat/%63ompletions",
        "/anthropic/v1//messages",
        "/gemini/v1beta/models/m:x"
      })
  void servedPath_underAPrefixOfTheGateway_isNeverPassedOn(String path) {
    assertThat(gateway.post(path, "{}").statusCode()).isIn(404, 405);
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
