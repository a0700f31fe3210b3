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
import java.nio.charset.Charset;
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
import org.junit.jupiter.params.provider.CsvSource;
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
        body(at, "key twice further down", 400, start + ",\"x\":[{\"y\":1,\"y\":2}]}"),
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

  /** Bodies that every provider refuses, and what is wrong with them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/v1/chat/completions | {'model':'gpt-4o-mini'} | messages",
        "/v1/chat/completions | {'model':'gpt-4o-mini','messages':'x'} | messages",
        "/v1/chat/completions | {'model':'gpt-4o-mini','messages':null} | messages",
        "/v1/chat/completions | {'model':'gpt-4o-mini','n':'8','messages':[]} | n",
        "/v1/chat/completions | {'model':'gpt-4o-mini','max_tokens':8.5,'messages':[]}"
            + " | max_tokens",
        "/v1/completions | {'model':'gpt-4o-mini','prompt':5} | prompt",
        "/v1/completions | {'model':'gpt-4o-mini','best_of':85e-1,'prompt':'a'} | best_of",
        "/v1/embeddings | {'model':'text-embedding-3-small','input':[ ]} | input",
        "/v1/embeddings | {'model':'text-embedding-3-small'} | input",
        "/v1/audio/speech | {'model':'gpt-4o-mini','voice':'alloy','input':5} | input",
        "/v1/responses | {'model':'gpt-4o-mini','input':5} | input",
        "/v1/messages | {'model':'gpt-4o-mini','max_tokens':9} | messages",
        "/v1/messages | {'model':'gpt-4o-mini','max_tokens':9,'messages':{}} | messages",
        "GEMINI | {'generationConfig':{'topK':1}} | contents",
        "GEMINI | {'contents':'x'} | contents",
        "GEMINI | {'contents':[],'generationConfig':5} | generationConfig",
        "GEMINI | {'contents':[],'generationConfig':{'maxOutputTokens':-5}}"
            + " | generationConfig.maxOutputTokens",
        "GEMINI | {'contents':[],'generation_config':{'candidateCount':'many'}}"
            + " | generation_config.candidateCount",
        "GEMINI | {'contents':[],'generationConfig':{'candidateCount':1.5}}"
            + " | generationConfig.candidateCount",
        "GEMINI | {'contents':[],'generationConfig':{'candidateCount':[1]}}"
            + " | generationConfig.candidateCount",
        "GEMINI | {'contents':[],'generationConfig':{'candidateCount':1,'candidate_count':8}}"
            + " | candidate_count",
        "GEMINI | {'contents':[],'generationConfig':{},'generation_config':{}}"
            + " | generation_config",
      })
  void question_thatNoProviderTakes_isRefusedByName(String path, String body, String param)
      throws Exception {
    String to = path.equals("GEMINI") ? Surface.GEMINI.path : path;
    HttpResponse<String> response =
        gateway.post(to, body.replace('\'', '"'), "Authorization", "Bearer " + RunningGateway.KEY);

    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    JsonNode error = MAPPER.readTree(response.body()).path("error");
    assertThat(error.path("message").asText()).contains("\"" + param + "\"");
    if (Surface.OPENAI.path.equals(path)) {
      assertThat(error.path("param").asText()).isEqualTo(param);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-32BE", "UTF-32LE"})
  void otherEncoding_isNotJson(String charset) throws Exception {
    for (Surface at : Surface.values()) {
      HttpResponse<String> response =
          RunningGateway.send(
              HttpRequest.newBuilder(URI.create(gateway.url() + at.path))
                  .POST(
                      HttpRequest.BodyPublishers.ofByteArray(
                          at.body.getBytes(Charset.forName(charset))))
                  .header("x-api-key", RunningGateway.KEY)
                  .build());

      assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
      at.assertError(400, response.body());
      assertThat(response.body()).contains("not UTF-8");
    }
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
