package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Bad input at every surface: its status in the surface's own dialect, a counter and a row, and
 * nothing that reaches a provider.
 */
@ExtendWith(LeakCheck.class)
class BadInputDialectsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Pattern REQUEST_ID = Pattern.compile("x-penstock-request-id: (\\S+)");
  private static final String TURN = "[{\"role\":\"user\",\"content\":\"hi\"}]";

  /** A surface: where, with which body, as which error. */
  enum Surface {
    OPENAI("/v1/chat/completions", "{\"model\":\"gpt-4o-mini\",\"messages\":" + TURN + "}"),
    ANTHROPIC(
        "/v1/messages", "{\"model\":\"gpt-4o-mini\",\"max_tokens\":9,\"messages\":" + TURN + "}"),
    GEMINI(
        "/v1beta/models/gpt-4o-mini:generateContent",
        "{\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}]}");

    private final String path;
    private final String body;

    Surface(String path, String body) {
      this.path = path;
      this.body = body;
    }

    void assertError(int status, String body) throws Exception {
      JsonNode json = MAPPER.readTree(body);
      JsonNode error = json.path("error");
      assertThat(error.path("message").asText()).as(body).isNotBlank();
      switch (this) {
        case OPENAI -> {
          assertThat(error.path("type").asText()).isNotBlank();
          assertThat(error.path("code").asText()).isNotBlank();
        }
        case ANTHROPIC -> {
          assertThat(json.path("type").asText()).isEqualTo("error");
          assertThat(error.path("type").asText()).isNotBlank();
        }
        case GEMINI -> {
          assertThat(error.path("code").asInt()).isEqualTo(status);
          assertThat(error.path("status").asText()).matches("[A-Z_]+");
        }
        default -> throw new AssertionError(this);
      }
    }
  }

  /** What is sent and what has to come of it. */
  record Case(
      String what, Surface surface, int status, String path, String body, List<String> headers) {
    @Override
    public String toString() {
      return surface + " " + what;
    }
  }

  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension static final GatewayExtension gateway = GatewayExtension.of(PROVIDER, "");

  @AfterEach
  void nothingReachesTheProvider() {
    assertThat(PROVIDER.requests()).as("what reached the provider").isEmpty();
  }

  static Stream<Case> cases() {
    return Stream.of(Surface.values()).flatMap(BadInputDialectsTest::cases);
  }

  private static Stream<Case> cases(Surface at) {
    String start = at.body.substring(0, at.body.length() - 1);
    String deep = "[".repeat(400) + "]".repeat(400);
    return Stream.of(
        body(at, "truncated", 400, start),
        body(at, "no object", 400, "[1]"),
        body(at, "key twice", 400, start + ",\"x\":1,\"x\":2}"),
        body(at, "nested deeply", 400, start + ",\"x\":" + deep + "}"),
        body(at, "too large", 413, start + ",\"x\":\"" + "a".repeat(1_100_000) + "\"}"),
        headers(at, "no key", 401, List.of("X-None", "1")),
        headers(at, "unknown key", 401, List.of("x-api-key", "pk-unknown")),
        headers(at, "expired key", 401, List.of("x-goog-api-key", "pk-old")),
        headers(at, "foreign address", 403, List.of("api-key", "pk-far")),
        headers(at, "no metadata", 400, List.of("x-api-key", "pk-support")),
        headers(
            at,
            "metadata that is none",
            400,
            List.of("x-api-key", RunningGateway.KEY, "X-Penstock-Metadata", "{\"a\":1}")),
        new Case(
            "unknown model",
            at,
            404,
            at.path.replace("gpt-4o-mini", "gpt-99"),
            at.body.replace("gpt-4o-mini", "gpt-99"),
            List.of("x-api-key", RunningGateway.KEY)),
        new Case(
            "model of others",
            at,
            403,
            at.path.replace("gpt-4o-mini", "two"),
            at.body.replace("gpt-4o-mini", "two"),
            List.of("x-api-key", "pk-support", "X-Penstock-Metadata", "{\"project\":\"p\"}")),
        new Case(
            "unknown path",
            at,
            404,
            at.path.replace("gpt-4o-mini:generateContent", "gpt-4o-mini:sing") + "/nope",
            at.body,
            List.of("x-api-key", RunningGateway.KEY)));
  }

  private static Case body(Surface at, String what, int status, String body) {
    return new Case(what, at, status, at.path, body, List.of("x-api-key", RunningGateway.KEY));
  }

  private static Case headers(Surface at, String what, int status, List<String> headers) {
    return new Case(what, at, status, at.path, at.body, headers);
  }

  private static double counted(int status) {
    return gateway
        .admin("/metrics")
        .lines()
        .filter(line -> line.startsWith("penstock_requests_total{"))
        .filter(line -> line.contains("status=\"" + status + "\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void badInput_hasItsStatusItsDialectACounterAndARow(Case sent) throws Exception {
    double before = counted(sent.status());

    HttpResponse<String> response =
        RunningGateway.send(
            HttpRequest.newBuilder(URI.create(gateway.url() + sent.path()))
                .POST(HttpRequest.BodyPublishers.ofString(sent.body()))
                .header("Content-Type", "application/json")
                .headers(sent.headers().toArray(String[]::new))
                .build());

    assertThat(response.statusCode()).as(response.body()).isEqualTo(sent.status());
    sent.surface().assertError(sent.status(), response.body());
    String id = response.headers().firstValue("x-penstock-request-id").orElseThrow();
    assertCountedAndRecorded(sent.status(), before, id);
  }

  private static void assertCountedAndRecorded(int status, double before, String id) {
    Await.until("it is counted", () -> counted(status) == before + 1);
    assertThat(gateway.admin("/admin/v1/requests/" + id))
        .contains("\"status\":" + status)
        .contains("\"cost_usd\":\"0.00\"");
  }

  static Stream<Arguments> heads() {
    return Stream.of(Surface.values())
        .flatMap(at ->
            Stream.of(
                Arguments.of(at, 400, "Content-Length: 0\r\nTransfer-Encoding: chunked"),
                Arguments.of(at, 400, "X-Folded: a\r\n b"),
                Arguments.of(at, 431, "X-Bomb: " + "a".repeat(40_000))));
  }

  @ParameterizedTest
  @MethodSource("heads")
  void head_thatCannotBeRead_hasItsStatusItsDialectACounterAndARow(
      Surface at, int status, String line) throws Exception {
    assertTurnedAway(at, status, "POST " + at.path + " HTTP/1.1\r\nHost: x\r\n" + line);
  }

  @ParameterizedTest
  @ValueSource(strings = {"NONSENSE", "POST /v1/messages", "GET /v1/models HTTP/9.9"})
  void requestLine_bad_hasItsStatusACounterAndARow(String line) throws Exception {
    assertTurnedAway(Surface.OPENAI, 400, line);
  }

  private static void assertTurnedAway(Surface at, int status, String head) throws Exception {
    double before = counted(status);
    try (RawClient client = RawClient.to(gateway)) {
      client.send(head + "\r\n\r\n");
      String answer = client.readToEnd();
      assertThat(answer).startsWith("HTTP/1.1 " + status);
      at.assertError(status, answer.substring(answer.indexOf("\r\n\r\n") + 4));
      Matcher id = REQUEST_ID.matcher(answer);
      assertThat(id.find()).as(answer).isTrue();
      assertCountedAndRecorded(status, before, id.group(1));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/v1/models/%zz", "/v1/models?key=%zz", "/v1/models/%", "/v1/usage?key=%"})
  void percentEncoding_broken_isAnsweredToo(String path) throws Exception {
    try (RawClient client = RawClient.to(gateway)) {
      boolean inQuery = path.contains("?");
      String key = inQuery ? "" : "Authorization: Bearer " + RunningGateway.KEY + "\r\n";
      client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + key + "\r\n");
      assertThat(client.readToEnd())
          .startsWith(inQuery ? "HTTP/1.1 401" : "HTTP/1.1 400")
          .contains("\"error\"");
    }
  }

  @Test
  void adminPort_brokenPercentEncoding_isAnsweredToo() throws Exception {
    try (RawClient client = RawClient.toPort(gateway.gateway().adminPort())) {
      client.send(
          "GET /admin/v1/spend?by=%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      assertThat(client.readToEnd()).startsWith("HTTP/1.1 400").contains("invalid_request");
    }
  }
}
