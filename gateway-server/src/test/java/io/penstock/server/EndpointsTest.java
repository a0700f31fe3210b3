package io.penstock.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The endpoints beside chat: forwarded as they are, with another model's name, and priced. */
@ExtendWith(LeakCheck.class)
class EndpointsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static final FakeProvider PROVIDER = FakeProvider.start();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(EndpointsTest::yaml, PROVIDER);

  private static String yaml(Path directory) {
    String models =
        """

        models:
          write: fake/gpt-4o-mini
          draw: fake/gpt-image-1
          speak: fake/tts-1
          listen: fake/whisper-1
          talk: fake/gpt-4o-mini-tts
          omni-moderation-latest: fake/omni-moderation-latest
        """;
    return RunningGateway.yaml(directory, PROVIDER, "").replace("\nmodels:\n", models);
  }

  private static HttpResponse<byte[]> post(String path, String type, byte[] body) {
    try {
      return HTTP.send(
          HttpRequest.newBuilder(URI.create(gateway.url() + path))
              .POST(HttpRequest.BodyPublishers.ofByteArray(body))
              .header("Authorization", "Bearer " + RunningGateway.KEY)
              .header("Content-Type", type)
              .build(),
          HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static JsonNode row(HttpResponse<?> response) throws IOException {
    String path =
        "/admin/v1/requests/"
            + response.headers().firstValue("x-penstock-request-id").orElseThrow();
    // What is counted by the gateway is counted after the answer, off the loop.
    Await.until("the row is there", () -> gateway.admin(path).contains("usage_source"));
    JsonNode row = MAPPER.readTree(gateway.admin(path)).path("attempts").path(0);
    assertThat(row.path("cost_usd").asText()).as(row.toString()).doesNotMatch("0(\\.0*)?");
    return row;
  }

  @Test
  void completions_unaryAndStream() throws Exception {
    String body = "{\"prompt\":\"Once\", \"model\":\"write\", \"best_of\":1}";

    HttpResponse<String> whole = gateway.post("/v1/completions", body);
    HttpResponse<String> stream =
        gateway.post("/v1/completions", body.replace("\"Once\"", "\"Once\", \"stream\":true"));

    assertThat(whole.statusCode()).as(whole.body()).isEqualTo(200);
    assertThat(PROVIDER.awaitRequest(1).text()).isEqualTo(body.replace("write", "gpt-4o-mini"));
    assertThat(row(whole).path("endpoint").asText()).isEqualTo("completions");
    assertThat(stream.body()).contains("\"text\"").endsWith("data: [DONE]\n\n");
  }

  @Test
  void moderations_areFree_andNeedNameNoModel() {
    HttpResponse<String> response = gateway.post("/v1/moderations", "{\"input\":\"kind words\"}");

    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.body()).contains("\"flagged\":false");
    assertThat(response.headers().firstValue("x-penstock-cost-usd")).hasValue("0.00");
    Received sent = PROVIDER.awaitRequest(1);
    assertThat(sent.path()).isEqualTo("/v1/moderations");
    assertThat(sent.model()).isEqualTo("omni-moderation-latest");
  }

  @Test
  void images_arePricedByTheirTokens() throws Exception {
    HttpResponse<String> response =
        gateway.post(
            "/v1/images/generations",
            "{\"model\":\"draw\",\"prompt\":\"a weir\",\"size\":\"1024x1024\",\"n\":1}");

    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.body()).contains("aW1hZ2U=");
    assertThat(row(response).path("endpoint").asText()).isEqualTo("images");
  }

  @Test
  void speech_comesThroughAsBytes_andIsPricedByTheCharacter() throws Exception {
    byte[] audio = {'I', 'D', '3', 0, (byte) 0xff, (byte) 0xfb, '\r', '\n', 0};
    PROVIDER.on("/v1/audio/speech").reply(Script.bytes("audio/mpeg", audio));

    HttpResponse<byte[]> response =
        post(
            "/v1/audio/speech",
            "application/json",
            "{\"model\":\"speak\",\"input\":\"Mind the weir\",\"voice\":\"alloy\"}"
                .getBytes(ISO_8859_1));

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo(audio);
    assertThat(response.headers().firstValue("content-type")).hasValue("audio/mpeg");
    assertThat(row(response).path("usage").path("character").asLong())
        .isEqualTo("Mind the weir".length());
  }

  @Test
  void speech_asEvents_isAStreamWhoseUsageIsBilled() throws Exception {
    PROVIDER
        .on("/v1/audio/speech")
        .reply(
            Script.sse(
                "data: {\"type\":\"speech.audio.delta\",\"audio\":\"AAAA\"}",
                "data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":14,"
                    + "\"output_tokens\":1010,\"total_tokens\":1024}}"));

    HttpResponse<String> response =
        gateway.post(
            "/v1/audio/speech",
            "{\"model\":\"talk\",\"input\":\"Mind\",\"voice\":\"alloy\","
                + "\"stream_format\":\"sse\"}");

    assertThat(response.headers().firstValue("content-type").orElse(""))
        .startsWith("text/event-stream");
    assertThat(response.body()).contains("speech.audio.delta").contains(": penstock {");
    JsonNode row = row(response);
    assertThat(row.path("usage_source").asText()).isEqualTo("reported");
    assertThat(row.path("usage").path("output").asLong()).isEqualTo(1010);
  }

  @Test
  void transcriptions_areForms_withTheFileUntouched() throws Exception {
    byte[] sound = "RIFF\0\u00ff\r\n--not-the-boundary\r\n\0".getBytes(ISO_8859_1);
    String form =
        """
        --b7~Content-Disposition: form-data; name="model"~~listen~--b7~\
        Content-Disposition: form-data; name="file"; filename="a.wav"~Content-Type: audio/wav~~\
        %s~--b7--~\
        """
            .formatted(new String(sound, ISO_8859_1))
            .replace("~", "\r\n");

    HttpResponse<byte[]> response =
        post(
            "/v1/audio/transcriptions",
            "multipart/form-data; boundary=b7",
            form.getBytes(ISO_8859_1));

    assertThat(response.statusCode()).as(new String(response.body(), ISO_8859_1)).isEqualTo(200);
    Received sent = PROVIDER.awaitRequest(1);
    assertThat(sent.header("content-type")).isEqualTo("multipart/form-data; boundary=b7");
    assertThat(new String(sent.body(), ISO_8859_1))
        .isEqualTo(form.replace("listen\r\n", "whisper-1\r\n"));
    assertThat(row(response).path("usage").path("audio_second").asLong()).isEqualTo(3);
  }

  @Test
  void form_withALongModel_isRefused() throws Exception {
    String form =
        """
        --b7~Content-Disposition: form-data; name="model"~~%s~--b7~\
        Content-Disposition: form-data; name="file"; filename="a.wav"~~RIFF~--b7--~\
        """
            .formatted("m".repeat(257))
            .replace("~", "\r\n");

    HttpResponse<byte[]> response =
        post(
            "/v1/audio/transcriptions",
            "multipart/form-data; boundary=b7",
            form.getBytes(ISO_8859_1));

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(new String(response.body(), ISO_8859_1)).contains("longer than 256 characters");
  }

  @Test
  void translations_haveAPathOfTheirOwn() throws Exception {
    String form =
        """
        --b7~Content-Disposition: form-data; name="model"~~listen~--b7~\
        Content-Disposition: form-data; name="file"; filename="a.wav"~~RIFF~--b7--~\
        """
            .replace("~", "\r\n");

    HttpResponse<byte[]> response =
        post(
            "/v1/audio/translations",
            "multipart/form-data; boundary=b7",
            form.getBytes(ISO_8859_1));

    assertThat(response.statusCode()).as(new String(response.body(), ISO_8859_1)).isEqualTo(200);
    Received sent = PROVIDER.awaitRequest(1);
    assertThat(sent.path()).isEqualTo("/v1/audio/translations");
    assertThat(sent.text()).isEqualTo(form.replace("listen", "whisper-1"));
    assertThat(row(response).path("endpoint").asText()).isEqualTo("translations");
  }

  @ParameterizedTest
  @CsvSource({"/v1/moderations, 200", "/v1/nowhere, 404", "/v1/completions, 400"})
  void clientsOwnId_comesBack(String path, int status) {
    HttpResponse<String> named =
        gateway.post(path, "{\"input\":\"kind words\"}", "X-Client-Request-Id", "mine-1");
    assertThat(named.statusCode()).isEqualTo(status);
    assertThat(named.headers().allValues("x-client-request-id")).containsExactly("mine-1");
    HttpResponse<String> long513 =
        gateway.post(path, "{\"input\":\"kind words\"}", "X-Client-Request-Id", "x".repeat(513));
    assertThat(long513.headers().allValues("x-client-request-id")).isEmpty();
  }

  @Test
  void models_areThoseThatTheKeyMayAskFor() throws Exception {
    JsonNode all = MAPPER.readTree(gateway.get("/v1/models").body()).path("data");
    assertThat(all.findValuesAsText("id")).contains("write", "draw", "speak", "listen");
    HttpResponse<String> one = gateway.get("/v1/models/draw");
    assertThat(one.statusCode()).isEqualTo(200);
    assertThat(one.body()).contains("\"id\":\"draw\"");
    HttpResponse<String> theirs =
        RunningGateway.send(
            HttpRequest.newBuilder(URI.create(gateway.url() + "/v1/models"))
                .header("x-api-key", "pk-support")
                .build());
    assertThat(MAPPER.readTree(theirs.body()).path("data").findValuesAsText("id"))
        .containsExactly("gpt-4o-mini");
    HttpResponse<String> google =
        RunningGateway.send(
            HttpRequest.newBuilder(URI.create(gateway.url() + "/v1/models"))
                .header("x-goog-api-key", "pk-support")
                .build());
    assertThat(MAPPER.readTree(google.body()).path("models").findValuesAsText("name"))
        .containsExactly("models/gpt-4o-mini");
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/models/draw, 200",
    "/v1/models/nobody, 404",
    "/v1beta/models/draw, 200",
    "/v1/models, 200"
  })
  void models_headIsGetWithoutABody(String path, int status) {
    HttpResponse<String> head =
        RunningGateway.send(
            HttpRequest.newBuilder(URI.create(gateway.url() + path))
                .header("Authorization", "Bearer " + RunningGateway.KEY)
                .HEAD()
                .build());
    assertThat(head.statusCode()).isEqualTo(status);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().firstValue("content-length"))
        .hasValue(String.valueOf(gateway.get(path).body().length()));
  }
}
