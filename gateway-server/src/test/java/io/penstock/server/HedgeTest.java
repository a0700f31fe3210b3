package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.identity.KeyRing;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two targets at once: the first answer wins, the loser is stopped and billed for what it used; an
 * answer that is held whole, so that a cut one can be made anew; and probes that no call waits for.
 */
@ExtendWith(LeakCheck.class)
class HedgeTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String TOKEN =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half an\"}}]}";

  private static final FakeProvider first = FakeProvider.start();
  private static final FakeProvider second = FakeProvider.start();
  private static final FakeProvider probed = FakeProvider.start();
  private static final FakeProvider back = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(HedgeTest::yaml, first, second);

  private static String yaml(Path directory) {
    probed.on("/v1/models").reply(Script.error(503));
    back.on("/v1/models").reply(Script.error(503));
    return """
    listen: 127.0.0.1:0
    admin: { listen: 127.0.0.1:0 }
    ledger: { url: "sqlite:%s" }
    providers:
      first: { dialect: openai, base_url: %s, keys: [k1], catalogue: openai, retries: { attempts: 0 }, breaker: { failures: 1000000 } }
      second: { dialect: openai, base_url: %s, keys: [k2], catalogue: openai, retries: { attempts: 0 }, breaker: { failures: 1000000 } }
      probed:
        dialect: openai
        base_url: %s
        keys: [k3]
        catalogue: openai
        breaker: { failures: 2, within: 1m, open: 1h }
        probe: { every: 20ms }
      back:
        dialect: openai
        base_url: %s
        keys: [k4]
        catalogue: openai
        breaker: { failures: 2, within: 1m, open: 10ms }
        probe: { every: 20ms }
    models:
      hedged: { targets: [first/gpt-4o, second/gpt-4o-mini], baseline: first/gpt-4o, hedge: { after: 30ms, budget: 100%% } }
      patient: { targets: [first/gpt-4o, second/gpt-4o-mini], hedge: { after: 1h, budget: 100%% } }
      never: { targets: [first/gpt-4o, second/gpt-4o-mini], hedge: { after: 30ms, budget: 0%% } }
      learned: { targets: [first/gpt-4.1, second/gpt-4o-mini], hedge: { after: p95, budget: 100%% } }
      fastest: { strategy: latency, targets: [first/gpt-4.1-mini, second/gpt-4.1], first_token: 200ms, fallback_on: [timeout] }
      quickest: { strategy: latency, targets: [first/gpt-5, second/gpt-5], hedge: { after: 200ms, budget: 100%% } }
      plain: second/gpt-4.1-mini
      relay: { targets: [first/gpt-4.1-nano, second/gpt-4.1-mini, second/gpt-4.1-nano], hedge: { after: p95, budget: 100%% } }
      whole: { targets: [first/gpt-4o, second/gpt-4o-mini], resume: buffer }
      watched: { targets: [probed/gpt-4o-mini, second/gpt-4o-mini] }
      returning: { targets: [back/gpt-4o-mini, second/gpt-4o-mini] }
    teams: { t: {} }
    keys: [{ id: k, sha256: "%s", team: t }]
    budgets: [{ name: all, limit: 1000 USD, every: total }]
    """
        .formatted(
            directory.resolve("ledger.db"),
            first.baseUrl(),
            second.baseUrl(),
            probed.baseUrl(),
            back.baseUrl(),
            KeyRing.hash(RunningGateway.KEY));
  }

  @BeforeAll
  static void start() {
    countOnce();
  }

  private static void countOnce() {
    first.on(CHAT).reply(Script.silentAccept());
    gateway.post(CHAT, body("hedged", false));
    gateway.awaitCounted();
  }

  private static String body(String model, boolean stream) {
    return "{\"model\":\"%s\",\"stream\":%s,\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
        .formatted(model, stream);
  }

  private static Script late(boolean stream) {
    return stream
        ? Script.sse(
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"late\"},"
                + "\"finish_reason\":\"stop\"}]}",
            "data: [DONE]")
        : Script.json(
            "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"late\"},"
                + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,"
                + "\"completion_tokens\":1,\"total_tokens\":6}}");
  }

  private static JsonNode row(JsonNode attempts, String provider) {
    for (JsonNode row : attempts) {
      if (row.path("provider").asText().equals(provider)) {
        return row;
      }
    }
    throw new AssertionError(provider + " is not in " + attempts);
  }

  /** It never answers whole, so nothing is learned of it: what others answer tells. */
  @Test
  void loserThatHasNeverAnswered_isNotBookedAtItsLongestAnswer() throws Exception {
    Gate gate = new Gate("the first has been asked");
    first
        .on(CHAT)
        .reply(request -> {
          gate.open();
          return Script.silentAccept();
        });
    second.on(CHAT).reply(late(false).pauseBeforeHeaders(gate));
    String endless = "{\"model\":\"hedged\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    HttpResponse<String> response = gateway.post(CHAT, endless);

    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    Await.until("both are rows", () -> attemptsOf(response) == 2);
    JsonNode lost = row(gateway.rows(response), "first");
    assertThat(lost.path("waste").asText()).isEqualTo("hedge");
    assertThat(lost.path("usage").path("output").asLong()).as(lost.toString()).isBetween(1L, 99L);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void slowFirst_theSecondAnswersAndTheLoserIsStoppedAndBilled(boolean stream) throws Exception {
    Gate gate = new Gate("the first has been asked");
    first
        .on(CHAT)
        .reply(request -> {
          gate.open();
          return Script.silentAccept();
        });
    second.on(CHAT).reply(late(stream).pauseBeforeHeaders(gate));
    HttpResponse<String> response = gateway.post(CHAT, body("hedged", stream));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.headers().firstValue("x-penstock-provider")).hasValue("second");
    assertThat(response.headers().firstValue("x-penstock-route"))
        .hasValue("priority[1] after hedge after 30 ms");
    assertThat(response.body()).contains("late").doesNotContain("\"error\"");
    gateway.awaitRest();
    first.awaitRequest(1).awaitClosed();
    Await.until("both are rows", () -> attemptsOf(response) == 2);
    JsonNode loser = row(gateway.rows(response), "first");
    assertThat(loser.path("waste").asText()).isEqualTo("hedge");
    assertThat(loser.path("cost_usd").asDouble()).as("its input may be billed").isPositive();
    assertThat(loser.path("premium_usd").asText())
        .as("a loss in full, though what it used is only estimated")
        .isEqualTo(loser.path("cost_usd").asText());
    JsonNode winner = row(gateway.rows(response), "second");
    assertThat(winner.path("cause").asText()).isEqualTo("hedge");
    assertThat(winner.path("waste").asText()).isEqualTo("none");
    assertThat(gateway.admin("/metrics")).contains("penstock_wasted_usd_total{cause=\"hedge\"}");
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
  void firstAnswersAfterAll_theHedgeLoses(boolean stream) throws Exception {
    Gate gate = new Gate("the hedge has been asked");
    first.on(CHAT).reply(late(stream).pauseBeforeHeaders(gate));
    second
        .on(CHAT)
        .reply(request -> {
          gate.open();
          return Script.silentAccept();
        });
    HttpResponse<String> response = gateway.post(CHAT, body("hedged", stream));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.headers().firstValue("x-penstock-provider")).hasValue("first");
    assertThat(response.body()).contains("late");
    gateway.awaitRest();
    Await.until("both are rows", () -> attemptsOf(response) == 2);
    assertThat(row(gateway.rows(response), "second").path("waste").asText()).isEqualTo("hedge");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void hedgeFails_theFirstGoesOn(boolean stream) {
    Gate gate = new Gate("the hedge has been asked");
    first.on(CHAT).reply(late(stream).pauseBeforeHeaders(gate));
    second
        .on(CHAT)
        .reply(request -> {
          gate.open();
          return Script.error(500);
        });
    HttpResponse<String> response = gateway.post(CHAT, body("hedged", stream));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.body()).contains("late");
    gateway.awaitRest();
  }

  @Test
  void bothFail_theClientIsToldOnce() {
    Gate gate = new Gate("the hedge has been asked");
    first.on(CHAT).reply(Script.error(500).pauseBeforeHeaders(gate));
    second
        .on(CHAT)
        .reply(request -> {
          gate.open();
          return Script.error(500);
        });
    HttpResponse<String> response = gateway.post(CHAT, body("hedged", false));
    assertThat(response.statusCode()).isEqualTo(502);
    gateway.awaitRest();
  }

  @Test
  void answerInTime_isNotHedged() {
    assertThat(gateway.post(CHAT, body("patient", true)).statusCode()).isEqualTo(200);
    assertThat(first.requests()).hasSize(1);
    assertThat(second.requests()).isEmpty();
  }

  @Test
  void shareOfNothing_isNotHedged() {
    first.on(CHAT).reply(Script.error(500));
    HttpResponse<String> response = gateway.post(CHAT, body("never", false));
    assertThat(response.headers().firstValue("x-penstock-route"))
        .as("a fallback, no hedge")
        .hasValue("priority[1] after 500");
  }

  @Test
  void p95_unknownAtFirst_isLearnedFromAnswers() {
    for (int i = 0; i < 20; i++) {
      assertThat(gateway.post(CHAT, body("learned", true)).statusCode()).isEqualTo(200);
    }
    assertThat(second.requests()).as("nothing was known").isEmpty();
    first.on(CHAT).reply(Script.silentAccept());
    HttpResponse<String> response = gateway.post(CHAT, body("learned", true));
    assertThat(response.headers().firstValue("x-penstock-provider")).hasValue("second");
  }

  /** The first target says nothing of how long the next one may take. */
  @Test
  void firstFails_theNextOneIsHedgedByItsOwnTime() {
    for (int i = 0; i < 20; i++) {
      assertThat(gateway.post(CHAT, body("plain", true)).statusCode()).isEqualTo(200);
    }
    first.on(CHAT).reply(Script.error(500));
    second.on(CHAT).model("gpt-4.1-mini").reply(Script.silentAccept());
    HttpResponse<String> response = gateway.post(CHAT, body("relay", true));
    assertThat(response.headers().firstValue("x-penstock-model")).hasValue("gpt-4.1-nano");
    assertThat(response.headers().firstValue("x-penstock-route").orElse(""))
        .contains("after hedge after");
    gateway.awaitRest();
  }

  /** One request in fifty looks for a target that has become faster. */
  @ParameterizedTest
  @ValueSource(strings = {"fastest", "quickest"})
  void byLatency_silentTarget_isNotAskedFirstForEver(String model) {
    first.on(CHAT).reply(Script.silentAccept());
    for (int i = 0; i < 12; i++) {
      HttpResponse<String> response = gateway.post(CHAT, body(model, true));
      assertThat(response.headers().firstValue("x-penstock-provider")).hasValue("second");
    }
    assertThat(first.requests()).hasSizeBetween(1, 4);
    gateway.awaitRest();
  }

  @Test
  void clientLeaves_bothAreStopped() throws Exception {
    first.on(CHAT).reply(Script.silentAccept());
    second.on(CHAT).reply(Script.silentAccept());
    Received slow;
    Received hedge;
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
      String json = body("hedged", true);
      socket
          .getOutputStream()
          .write(
              ("POST "
                      + CHAT
                      + " HTTP/1.1\r\nhost: x\r\nauthorization: Bearer "
                      + RunningGateway.KEY
                      + "\r\ncontent-type: application/json\r\ncontent-length: "
                      + json.length()
                      + "\r\n\r\n"
                      + json)
                  .getBytes(StandardCharsets.UTF_8));
      slow = first.awaitRequest(1);
      hedge = second.awaitRequest(1);
    }
    // Their own connections: others idle in the pool since earlier calls, and stay.
    slow.awaitClosed();
    hedge.awaitClosed();
    gateway.awaitRest();
  }

  @Test
  void buffer_cutStream_isMadeAnewOnTheNextTarget() throws Exception {
    first.on(CHAT).reply(Script.sse(TOKEN, TOKEN).reset());
    HttpResponse<String> response = gateway.post(CHAT, body("whole", true));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("x-penstock-provider")).hasValue("second");
    assertThat(response.body())
        .contains("Hello")
        .doesNotContain("half an")
        .doesNotContain("\"error\"")
        .endsWith("data: [DONE]\n\n");
    gateway.awaitRest();
    Await.until("both are rows", () -> attemptsOf(response) == 2);
    JsonNode cut = row(gateway.rows(response), "first");
    assertThat(cut.path("waste").asText()).isEqualTo("fallback");
    assertThat(cut.path("cost_usd").asDouble()).isPositive();
  }

  @Test
  void buffer_wholeStream_comesThrough() {
    HttpResponse<String> response = gateway.post(CHAT, body("whole", true));
    assertThat(response.headers().firstValue("x-penstock-provider")).hasValue("first");
    assertThat(response.body()).contains("Hello").endsWith("data: [DONE]\n\n");
    gateway.awaitRest();
  }

  @Test
  void probe_deadProvider_isSkippedBeforeAnyCallMeetsIt() {
    Await.until("the probes have opened the breaker", () -> isOpen("probed"));
    assertThat(gateway.admin("/admin/v1/models")).contains("breaker open");
    HttpResponse<String> response = gateway.post(CHAT, body("watched", false));
    assertThat(response.headers().firstValue("x-penstock-provider")).hasValue("second");
    assertThat(probed.requests()).allMatch(request -> request.barePath().equals("/v1/models"));
    assertThat(probed.requests().getFirst().header("authorization")).isEqualTo("Bearer k3");
  }

  @Test
  void probe_providerThatIsBack_isAskedAgain() {
    Await.until("the probes have opened the breaker", () -> isOpen("back"));
    back.reset();
    Await.until("the probes have closed it", () -> !isOpen("back"));
    HttpResponse<String> response = gateway.post(CHAT, body("returning", false));
    assertThat(response.headers().firstValue("x-penstock-provider")).hasValue("back");
  }

  private static boolean isOpen(String provider) {
    return gateway
        .admin("/metrics")
        .contains("penstock_breaker_open{model=\"gpt-4o-mini\",provider=\"" + provider + "\"} 1.0");
  }
}
