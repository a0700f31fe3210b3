package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What else providers do wrong, beside the sixteen scenarios: alone the client gets an error and
 * pays nothing, as the first of two it sees only the second.
 */
@ExtendWith(LeakCheck.class)
class MoreFailuresTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String TOKEN =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half an answer\"}}]}";
  private static final String LAST =
      "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":3,\"total_tokens\":8}}";
  private static final String DONE = "data: [DONE]";

  private static final FakeProvider bad = FakeProvider.start();
  private static final FakeProvider good = FakeProvider.start();

  /** Connections wait in its backlog: TCP is there, no handshake ever is. */
  private static final ServerSocket DEAF = deaf();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(MoreFailuresTest::yaml, bad, good);

  private static ServerSocket deaf() {
    try {
      return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String yaml(Path directory) throws Exception {
    String provider =
        "  %s: { dialect: openai, base_url: \"%s\", keys: [sk-bad], catalogue: openai,"
            + " retries: { attempts: 0 }, breaker: { failures: 1000000 }, timeouts: %s }\n";
    String patient = "{ first_byte: 60s, idle: 60s, total: 120s }";
    String providers =
        provider.formatted("bad", bad.baseUrl(), patient)
            + provider.formatted("echo", bad.baseUrl(), patient).replace("sk-bad", "tok_of_ours")
            + provider.formatted("brief", bad.baseUrl(), "{ total: 1s }")
            + provider.formatted("plain", bad.baseUrl().replace("http:", "https:"), patient)
            + provider.formatted(
                "deaf", "https://127.0.0.1:" + DEAF.getLocalPort(), "{ connect: 100ms }")
            + provider.formatted("nowhere", "http://nowhere.invalid", "{ connect: 100ms }");
    for (String name : new String[] {"brittle-alone", "brittle-first"}) {
      providers +=
          provider
              .formatted(name, bad.baseUrl(), patient)
              .replace("attempts: 0", "attempts: 3, budget: 100%")
              .replace("failures: 1000000", "failures: 1, open: 10m");
    }
    StringBuilder routes = new StringBuilder("models:\n");
    for (String name : new String[] {"bad", "echo", "brief", "plain", "deaf", "nowhere"}) {
      routes.append("  alone-%1$s: %1$s/gpt-4o-mini\n".formatted(name));
      routes.append(
          "  both-%1$s: { targets: [%1$s/gpt-4o-mini, fake/gpt-4o-mini] }\n".formatted(name));
    }
    routes.append("  held: { targets: [bad/gpt-4o-mini, fake/gpt-4o-mini], hold: 50ms }\n");
    routes.append("  held-alone: { targets: [brittle-alone/gpt-4o-mini], hold: 50ms }\n");
    routes.append(
        "  held-first: { targets: [brittle-first/gpt-4o-mini, fake/gpt-4o-mini], hold: 50ms }\n");
    return RunningGateway.yaml(
            directory, good, "budgets: [{ name: all, limit: 1000 USD, every: total }]")
        .replace("models:\n", providers + routes);
  }

  @BeforeAll
  static void start() throws Exception {
    bad.on(CHAT).reply(Script.sse(TOKEN).reset());
    gateway.post(CHAT, body("alone-bad", true));
    gateway.awaitCounted();
  }

  @AfterEach
  void nothingIsHeldOrUnderWay() {
    gateway.awaitRest();
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 429, 500})
  void errorThatTellsTheRequest_isToldWithoutOurKey(int status) {
    bad.on(CHAT)
        .reply(
            Script.json(
                    "{\"error\":{\"message\":\"boom with Bearer tok_of_ours\","
                        + "\"code\":\"tok_of_ours\",\"param\":\"tok_of_ours\"}}")
                .status(status));

    HttpResponse<String> response = gateway.post(CHAT, body("alone-echo", false));

    assertThat(response.body()).contains("boom with Bearer ****").doesNotContain("tok_of_ours");
  }

  private static String body(String model, boolean stream) {
    return """
    {"model":"%s","stream":%s,"max_tokens":50,"messages":[{"role":"user","content":"hi"}]}\
    """
        .formatted(model, stream);
  }

  private static HttpResponse<String> ask(String model, boolean stream) {
    return gateway.post(CHAT, body(model, stream));
  }

  /** Waits for the row: what was counted locally is booked behind the answer. */
  private static JsonNode row(HttpResponse<String> of) {
    Await.until("its row", () -> gateway.rows(of).path(0).hasNonNull("ending"));
    return gateway.rows(of).path(0);
  }

  /** Free, or counted: it may have worked on what it was sent. */
  private static void failsAlone_andIsInvisibleBefore(
      String provider, boolean stream, int status, String usageSource) {
    HttpResponse<String> alone = ask("alone-" + provider, stream);
    assertThat(alone.statusCode()).as(alone.body()).isEqualTo(status);
    assertThat(alone.body()).contains("\"error\"").doesNotContain("sk-bad");
    assertThat(row(alone).path("usage_source").asText()).isEqualTo(usageSource);
    assertThat(row(alone).path("cost_usd").asDouble() > 0).isEqualTo(!usageSource.equals("none"));
    HttpResponse<String> both = ask("both-" + provider, stream);
    assertThat(both.statusCode()).as(both.body()).isEqualTo(200);
    assertThat(both.headers().firstValue("x-penstock-provider")).hasValue("fake");
    assertThat(both.body()).doesNotContain("\"error\"");
    assertThat(good.requests()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "deaf, false",
    "deaf, true",
    "plain, false",
    "plain, true",
    "nowhere, false",
    "nowhere, true"
  })
  void connectionThatIsNeverMade(String provider, boolean stream) {
    failsAlone_andIsInvisibleBefore(provider, stream, 502, "none");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void wrongContentType(boolean stream) {
    bad.on(CHAT).reply(Script.json("<html>a page of a proxy</html>").contentType("text/html"));
    failsAlone_andIsInvisibleBefore("bad", stream, 502, "estimated");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void errorOfManyMegabytes_isCutOff(boolean stream) {
    bad.on(CHAT).reply(Script.oversized(4 << 20).status(500));
    failsAlone_andIsInvisibleBefore("bad", stream, 502, "none");
  }

  @Test
  void endWithoutAFinish_beforeContent_isInvisible() {
    bad.on(CHAT).reply(Script.sse("data: {\"choices\":[]}"));
    failsAlone_andIsInvisibleBefore("bad", true, 502, "estimated");
  }

  @ParameterizedTest
  @ValueSource(strings = {"alone-bad", "both-bad"})
  void endWithoutAFinish_afterContent_isAnErrorEvent(String model) {
    bad.on(CHAT).reply(Script.sse(TOKEN));
    HttpResponse<String> response = ask(model, true);
    assertThat(response.body()).contains("half an answer").contains("\"error\"");
    assertThat(row(response).path("waste").asText()).isEqualTo("failed");
    assertThat(row(response).path("cost_usd").asDouble()).isPositive();
    assertThat(good.requests()).isEmpty();
  }

  @Test
  void streamWithoutEnd_isCutWhenItsTimeIsUp() {
    bad.on(CHAT).reply(Script.endless(TOKEN).trickle(Duration.ofMillis(20)));
    HttpResponse<String> response = ask("both-brief", true);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("half an answer").contains("\"error\"");
    assertThat(row(response).path("ending").asText()).isEqualTo("timed_out");
    assertThat(row(response).path("cost_usd").asDouble()).isPositive();
    bad.requests().getLast().awaitClosed();
    assertThat(good.requests()).isEmpty();
  }

  @Test
  void bytewiseAnswer_isGivenUpWhenItsTimeIsUp() {
    bad.on(CHAT).reply(Script.oversized(10_000).chunked(1).trickle(Duration.ofMillis(20)));
    HttpResponse<String> response = ask("both-brief", false);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(504);
    assertThat(row(response).path("usage_source").asText()).isEqualTo("estimated");
    assertThat(row(response).path("cost_usd").asDouble()).isPositive();
    bad.requests().getLast().awaitClosed();
    assertThat(good.requests()).as("the call has no time left").isEmpty();
  }

  @Test
  void doneTwice_isPassedOnOnce() {
    bad.on(CHAT).reply(Script.sse(TOKEN, LAST, DONE, DONE));
    HttpResponse<String> response = ask("alone-bad", true);
    assertThat(response.body()).containsOnlyOnce("[DONE]").endsWith("data: [DONE]\n\n");
    assertThat(response.body()).doesNotContain("\"error\"");
    assertThat(row(response).path("waste").asText()).isEqualTo("none");
  }

  @Test
  void holdOver_headersAndAComment_thenTheErrorIsAnEvent_andNobodyElseIsAsked() throws Exception {
    Gate gate = new Gate("the provider answers");
    bad.on(CHAT).reply(Script.error(500).pauseBeforeHeaders(gate));
    try (RawClient client = RawClient.to(gateway)) {
      client.send(RawClient.post(CHAT, body("held", true)));
      String begun = client.readUntil(": ping\n\n");
      assertThat(begun).startsWith("HTTP/1.1 200").contains("x-penstock-provider: bad");
      gate.open();
      assertThat(client.readUntil("\"error\"")).contains("data: ").doesNotContain("Hello");
    }
    assertThat(good.requests()).isEmpty();
  }

  /** Google's SDKs fail on a comment. */
  @Test
  void holdOver_toAGeminiClient_isTheHeadersAlone() throws Exception {
    Gate gate = new Gate("the provider answers");
    bad.on(CHAT).reply(Script.sse(TOKEN, LAST, DONE).pauseBeforeHeaders(gate));
    try (RawClient client = RawClient.to(gateway)) {
      client.send(
          RawClient.post(
              "/v1beta/models/held:streamGenerateContent?alt=sse",
              "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]}"));
      String begun = client.readUntil("\r\n\r\n");
      gate.open();
      assertThat(begun + client.readUntil("\r\n0\r\n\r\n"))
          .startsWith("HTTP/1.1 200")
          .contains("data: {")
          .doesNotContain("ping");
    }
  }

  /** Its breaker opens with the failure, so that the retry that was decided finds it closed. */
  @ParameterizedTest
  @ValueSource(strings = {"held-alone", "held-first"})
  void holdOver_thenNobodyCanBeAsked_theErrorIsAnEventThatEnds(String model) throws Exception {
    Gate gate = new Gate("the provider answers");
    bad.on(CHAT).reply(Script.error(503).header("retry-after-ms", "1").pauseBeforeHeaders(gate));
    try (RawClient client = RawClient.to(gateway)) {
      client.send(RawClient.post(CHAT, body(model, true)));
      assertThat(client.readUntil(": ping\n\n")).contains("x-penstock-provider: brittle");
      gate.open();
      assertThat(client.readUntil("0\r\n\r\n")).contains("data: {\"error\"");
    }
    assertThat(good.requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void clientGone_beforeTheAnswer_upstreamIsClosed_andTheAnswerReachesNobody(boolean stream)
      throws Exception {
    Gate gate = new Gate("the provider answers");
    bad.on(CHAT).reply(Script.sse(TOKEN, LAST, DONE).pauseBeforeHeaders(gate));
    Received asked;
    try (RawClient client = RawClient.to(gateway)) {
      client.send(RawClient.post(CHAT, body("both-bad", stream)));
      asked = bad.awaitRequest(1);
    }
    asked.awaitClosed();
    gate.open();
    assertThat(good.requests()).isEmpty();
  }
}
