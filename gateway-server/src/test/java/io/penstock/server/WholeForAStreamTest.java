package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.identity.KeyRing;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Providers that answer whole what was asked for as a stream: that is the answer, and paid for. */
@ExtendWith(LeakCheck.class)
class WholeForAStreamTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String CHAT = "/v1/chat/completions";
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Over"
          + " there\"},"
          + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":30,\"completion_tokens\":20}}";
  private static final BigDecimal COST = new BigDecimal("0.0000165");

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(WholeForAStreamTest::yaml, provider);

  private static String yaml(Path directory) {
    return """
    listen: 127.0.0.1:0
    admin: { listen: 127.0.0.1:0 }
    ledger: { url: "sqlite:%s" }
    providers:
      p: { dialect: openai, base_url: %2$s, keys: [k], catalogue: openai, retries: { attempts: 2, backoff: 1ms, max_backoff: 1ms, budget: 100%% } }
    models:
      "*": p/*
      held: { targets: [p/gpt-4o-mini], hold: 1ms }
      two: { targets: [p/gpt-4o-mini, p/gpt-4.1-mini] }
    teams: { t: {} }
    keys: [{ id: k, sha256: "%3$s", team: t }]
    """
        .formatted(
            directory.resolve("ledger.db"), provider.baseUrl(), KeyRing.hash(RunningGateway.KEY));
  }

  @BeforeEach
  void forget() {
    provider.reset();
  }

  private static String ask(String model) {
    return "{\"model\":\"%s\",\"stream\":true,\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"Where?\"}]}"
        .formatted(model);
  }

  private static HttpRequest request(String path, String type, String body) {
    return HttpRequest.newBuilder(URI.create(gateway.url() + path))
        .header("authorization", "Bearer " + RunningGateway.KEY)
        .header("content-type", type)
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  /** Returns the only attempt; its usage was reported. */
  private static JsonNode paidOnce(HttpResponse<?> of) {
    String path =
        "/admin/v1/requests/" + of.headers().firstValue("x-penstock-request-id").orElseThrow();
    Await.until("the row is there", () -> admin(path).path("attempts").size() == 1);
    assertThat(provider.requests()).hasSize(1);
    JsonNode row = admin(path).path("attempts").path(0);
    assertThat(row.path("usage_source").asText()).as(row.toString()).isEqualTo("reported");
    return row;
  }

  private static JsonNode admin(String path) {
    try {
      return MAPPER.readTree(gateway.admin(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void costs(JsonNode row) {
    assertThat(new BigDecimal(row.path("cost_usd").asText())).isEqualByComparingTo(COST);
  }

  private static String type(HttpResponse<?> response) {
    return response.headers().firstValue("content-type").orElse("");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt-4o-mini", "two"})
  void chat_isAStreamThatSaysTheSame(String model) {
    provider.on(CHAT).reply(Script.json(ANSWER));

    HttpResponse<String> response = gateway.post(CHAT, ask(model));

    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(type(response)).startsWith("text/event-stream");
    assertThat(response.body())
        .contains("\"content\":\"Over there\"", "\"finish_reason\":\"stop\"", "0.0000165")
        .endsWith("data: [DONE]\n\n");
    costs(paidOnce(response));
  }

  @Test
  void messages_translated_areAStreamOfTheirDialect() {
    provider.on(CHAT).reply(Script.json(ANSWER));

    HttpResponse<String> response = gateway.post("/v1/messages", ask("gpt-4o-mini"));

    assertThat(type(response)).startsWith("text/event-stream");
    assertThat(response.body())
        .startsWith("event: message_start")
        .contains("Over there", "event: message_stop");
    costs(paidOnce(response));
  }

  @Test
  void gemini_asAnArray_isOne() throws Exception {
    provider.on(CHAT).reply(Script.json(ANSWER));

    HttpResponse<String> response =
        gateway.post(
            "/v1beta/models/gpt-4o-mini:streamGenerateContent",
            "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Where?\"}]}]}");

    assertThat(type(response)).startsWith("application/json");
    assertThat(MAPPER.readTree(response.body()).isArray()).isTrue();
    assertThat(response.body()).contains("Over there");
    costs(paidOnce(response));
  }

  @Test
  void chat_whoseHeadHasGoneOut_isAStreamNevertheless() throws Exception {
    Gate answers = new Gate("the answer");
    provider.on(CHAT).reply(Script.json(ANSWER).pauseBeforeHeaders(answers));
    HttpRequest request = request(CHAT, "application/json", ask("held"));
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<InputStream> response =
          client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      answers.open();

      String body = new String(response.body().readAllBytes(), StandardCharsets.UTF_8);

      assertThat(body).startsWith(": ping").contains("Over there").endsWith("data: [DONE]\n\n");
      costs(paidOnce(response));
    }
  }

  @Test
  void failure_afterTheHeadHasGoneOut_isAnEventAndTheEndOfTheStream() throws Exception {
    Gate answers = new Gate("the answer");
    provider.on(CHAT).reply(Script.error(400).pauseBeforeHeaders(answers));
    HttpRequest request = request(CHAT, "application/json", ask("held"));
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<InputStream> response =
          client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      answers.open();

      String body = new String(response.body().readAllBytes(), StandardCharsets.UTF_8);

      assertThat(body).contains("data: {\"error\"").endsWith("\n\ndata: [DONE]\n\n");
    }
  }

  @Test
  void images_areServedAsTheyCame() {
    String answer =
        "{\"created\":1,\"data\":[{\"b64_json\":\"AA==\"}],\"usage\":{\"input_tokens\":10,"
            + "\"output_tokens\":100,\"total_tokens\":110}}";
    provider.on("/v1/images/generations").reply(Script.json(answer));

    HttpResponse<String> response =
        gateway.post(
            "/v1/images/generations",
            "{\"model\":\"gpt-image-1\",\"prompt\":\"a cat\",\"stream\":true,\"n\":1}");

    assertThat(type(response)).isEqualTo("application/json");
    assertThat(response.body()).isEqualTo(answer);
    paidOnce(response);
  }

  @Test
  void transcriptions_areServedAsTheyCame() {
    String answer = "{\"text\":\"hello\",\"usage\":{\"type\":\"duration\",\"seconds\":7}}";
    provider.on("/v1/audio/transcriptions").reply(Script.json(answer));
    String part = "--b7\r\nContent-Disposition: form-data; name=";
    String form =
        part
            + "\"model\"\r\n\r\nwhisper-1\r\n"
            + part
            + "\"stream\"\r\n\r\ntrue\r\n"
            + part
            + "\"file\"; filename=\"a.wav\"\r\n\r\nRIFF\r\n--b7--\r\n";

    HttpResponse<String> response =
        RunningGateway.send(
            request("/v1/audio/transcriptions", "multipart/form-data; boundary=b7", form));

    assertThat(type(response)).isEqualTo("application/json");
    assertThat(response.body()).isEqualTo(answer);
    assertThat(paidOnce(response).path("usage").path("audio_second").asLong()).isEqualTo(7);
  }

  @Test
  void embeddings_haveNoStreams() {
    String answer =
        "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[0.5]}],"
            + "\"model\":\"text-embedding-3-small\",\"usage\":{\"prompt_tokens\":3,\"total_tokens\":3}}";
    provider.on("/v1/embeddings").reply(Script.json(answer));

    HttpResponse<String> response =
        gateway.post(
            "/v1/embeddings",
            "{\"model\":\"text-embedding-3-small\",\"input\":\"x\",\"stream\":true}");

    assertThat(response.body()).isEqualTo(answer);
    assertThat(type(response)).isEqualTo("application/json");
    paidOnce(response);
  }

  private static final String CHUNK =
      "{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-mini\",\"choices\":"
          + "[{\"index\":0,\"delta\":{\"content\":\"Over there\"},\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":30,\"completion_tokens\":20}}";

  @ParameterizedTest
  @CsvSource({
    "text/plain, 1",
    "application/octet-stream, 4096",
    "application/x-ndjson, 1",
    "application/json, 4096"
  })
  void events_ofAnotherType_areAStream(String type, int pieces) {
    provider.on(CHAT).reply(Script.sse(CHUNK, "[DONE]").contentType(type).chunked(pieces));

    HttpResponse<String> response = gateway.post(CHAT, ask("gpt-4o-mini"));

    assertThat(type(response)).startsWith("text/event-stream");
    assertThat(response.body()).contains("Over there").endsWith("data: [DONE]\n\n");
    costs(paidOnce(response));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4096})
  void json_behindLineEnds_isWhole(int pieces) {
    provider.on(CHAT).reply(Script.json("\n\r\n" + ANSWER).chunked(pieces));

    HttpResponse<String> response = gateway.post(CHAT, ask("gpt-4o-mini"));

    assertThat(response.body()).contains("Over there").endsWith("data: [DONE]\n\n");
    costs(paidOnce(response));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4096})
  void events_withoutAType_areAStream(int pieces) {
    provider.on(CHAT).reply(Script.sse(CHUNK, "[DONE]").withoutContentType().chunked(pieces));

    HttpResponse<String> response = gateway.post(CHAT, ask("gpt-4o-mini"));

    assertThat(type(response)).startsWith("text/event-stream");
    assertThat(response.body()).contains("Over there").endsWith("data: [DONE]\n\n");
    costs(paidOnce(response));
  }

  @Test
  void json_withoutAType_isWhole() {
    provider.on(CHAT).reply(Script.json(ANSWER).withoutContentType());

    HttpResponse<String> response = gateway.post(CHAT, ask("gpt-4o-mini"));

    assertThat(response.body()).contains("Over there").endsWith("data: [DONE]\n\n");
    costs(paidOnce(response));
  }

  @Test
  void whatCannotBeRead_isNotAskedForAgain() {
    provider.on(CHAT).reply(Script.bytes("text/html", "<html>".getBytes(StandardCharsets.UTF_8)));

    HttpResponse<String> response = gateway.post(CHAT, ask("gpt-4o-mini"));

    assertThat(response.statusCode()).isEqualTo(502);
    assertThat(response.body()).contains("not well-formed JSON", "text/html");
    assertThat(provider.requests()).hasSize(1);
    gateway.awaitCounted();
  }
}
