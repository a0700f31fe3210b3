package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is surely too long for a context is refused here, and nothing else: providers count. */
@ExtendWith(LeakCheck.class)
class ContextLengthTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CHAT = "/v1/chat/completions";

  /** A kilobyte, some 250 tokens. */
  private static final String TEXT = "lorem ipsum dolor sit amet. ".repeat(36);

  private static final String MEDIA = Base64.getEncoder().encodeToString(new byte[750_000]);

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(ContextLengthTest::yaml, provider);

  private static String yaml(Path directory) {
    String more =
        """

          g: { dialect: gemini, base_url: "%1$s", keys: [k], catalogue: gemini }
          a: { dialect: anthropic, base_url: "%1$s", keys: [k], catalogue: anthropic }
          c: { dialect: cohere, base_url: "%1$s", keys: [k], catalogue: cohere }
        models:
          gpt-4o: fake/gpt-4o
          gpt-4: fake/gpt-4
          gpt-4o-transcribe: fake/gpt-4o-transcribe
          rerank: c/rerank-v3.5
          flash: g/gemini-2.5-flash
          gemini-embedding-001: g/gemini-embedding-001
          sonnet: a/claude-sonnet-4-5
          longer: { targets: [fake/gpt-4o, fake/gpt-4.1] }
          steps: { targets: [fake/gpt-4o, fake/gpt-4o-mini, fake/gpt-4.1] }
          longest: { targets: [fake/gpt-4, fake/gpt-4o] }
        """
            .formatted(provider.url());
    return RunningGateway.yaml(directory, provider, "")
        .replace("body: 1MiB", "body: 32MiB")
        .replace("\nmodels:\n", more);
  }

  private static String repeated(String one, int times) {
    return one + ("," + one).repeat(times - 1);
  }

  private static String chat(String model, String content) {
    return "{\"model\":\"%s\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":%s}]}"
        .formatted(model, content);
  }

  /** What the provider answers with is of no matter: that it was asked is. */
  private static void reachesTheProvider(String path, String body) {
    HttpResponse<String> response = gateway.post(path, body);
    assertThat(provider.requests()).as(response.body()).isNotEmpty();
  }

  @Test
  void batches_ofInputsThatFit_areAsked() {
    String text = JSON.createObjectNode().textNode(TEXT).toString();
    reachesTheProvider(
        "/v1/embeddings",
        "{\"model\":\"text-embedding-3-small\",\"input\":[" + repeated(text, 100) + "]}");
  }

  @Test
  void rerank_ofManyDocuments_isAsked() {
    String text = JSON.createObjectNode().textNode(TEXT).toString();
    reachesTheProvider(
        "/v1/rerank",
        "{\"model\":\"rerank\",\"query\":\"q\",\"documents\":[" + repeated(text, 20) + "]}");
  }

  @Test
  void batchOfGemini_isAsked() {
    ObjectNode one = JSON.createObjectNode().put("model", "models/gemini-embedding-001");
    one.putObject("content").putArray("parts").addObject().put("text", TEXT);
    reachesTheProvider(
        "/v1beta/models/gemini-embedding-001:batchEmbedContents",
        "{\"requests\":[" + repeated(one.toString(), 20) + "]}");
  }

  @Test
  void completions_ofManyPrompts_areAsked() {
    String text = JSON.createObjectNode().textNode(TEXT.repeat(4)).toString();
    reachesTheProvider(
        "/v1/completions",
        "{\"model\":\"gpt-4\",\"max_tokens\":5,\"prompt\":[" + repeated(text, 20) + "]}");
  }

  @Test
  void recording_isAsked() {
    String form =
        """
        --b\r\nContent-Disposition: form-data; name="model"\r\n\r\ngpt-4o-transcribe\r
        --b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n%s\r
        --b--\r
        """
            .formatted("x".repeat(500_000));
    HttpResponse<String> response =
        RunningGateway.send(
            HttpRequest.newBuilder(URI.create(gateway.url() + "/v1/audio/transcriptions"))
                .header("content-type", "multipart/form-data; boundary=b")
                .header("authorization", "Bearer " + RunningGateway.KEY)
                .POST(HttpRequest.BodyPublishers.ofString(form))
                .build());
    assertThat(provider.requests()).as(response.body()).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"input_audio\",\"input_audio\":{\"format\":\"mp3\",\"data\":\"MEDIA\"}}",
        "{\"type\":\"file\",\"file\":{\"filename\":\"a.pdf\",\"file_data\":\"data:application/pdf;base64,MEDIA\"}}",
      })
  void mediaInChat_isAsked(String part) {
    reachesTheProvider(CHAT, chat("gpt-4o", "[" + part.replace("MEDIA", MEDIA) + "]"));
  }

  @Test
  void documentToClaude_andFilmToGemini_areAsked() {
    reachesTheProvider(
        "/v1/messages",
        chat(
            "sonnet",
            "[{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":\""
                + MEDIA
                + "\"}}]"));
    provider.reset();
    reachesTheProvider(
        "/v1beta/models/flash:generateContent",
        "{\"contents\":[{\"parts\":[{\"inlineData\":{\"mimeType\":\"video/mp4\",\"data\":\""
            + MEDIA.repeat(6)
            + "\"}}]}]}");
  }

  @Test
  void textThatMayFit_isAsked_escapedOrNot() {
    reachesTheProvider(CHAT, chat("gpt-4o", "\"" + "Foxes jump over dogs. ".repeat(24_500) + "\""));
    provider.reset();
    reachesTheProvider(CHAT, chat("gpt-4o", "\"" + "\\u4eba\\u5de5".repeat(45_500) + "\""));
  }

  @Test
  void providersOwnError_comesThrough() {
    provider
        .on(CHAT)
        .reply(
            Script.json(
                    "{\"error\":{\"message\":\"counted"
                        + " exactly\",\"code\":\"context_length_exceeded\"}}")
                .status(400));
    HttpResponse<String> response =
        gateway.post(CHAT, chat("gpt-4o", "\"" + "Foxes jump over dogs. ".repeat(30_000) + "\""));
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("counted exactly", "context_length_exceeded");
  }

  @Test
  void providersOwnError_sendsTheCallToALongerContextOnly() {
    provider
        .on(CHAT)
        .model("gpt-4o")
        .reply(
            Script.json("{\"error\":{\"message\":\"no\",\"code\":\"context_length_exceeded\"}}")
                .status(400));
    HttpResponse<String> longer = gateway.post(CHAT, chat("steps", "\"hi\""));
    assertThat(model(longer)).isEqualTo("gpt-4.1");
    assertThat(provider.requests()).as("gpt-4o-mini takes no more").hasSize(2);
  }

  @Test
  void likelyTooLong_goesToALongerContext_elseToTheLongest() {
    String text = "\"" + "Foxes jump over dogs. ".repeat(30_000) + "\"";
    assertThat(model(gateway.post(CHAT, chat("longer", text)))).isEqualTo("gpt-4.1");
    assertThat(model(gateway.post(CHAT, chat("longest", text)))).isEqualTo("gpt-4o");
    assertThat(model(gateway.post(CHAT, chat("longer", "\"hi\"")))).isEqualTo("gpt-4o");
  }

  @Test
  void surelyTooLong_isRefused_andNothingGoesUpstream() {
    String text = "\"" + "Foxes jump over dogs. ".repeat(72_000) + "\"";
    HttpResponse<String> response = gateway.post(CHAT, chat("gpt-4o", text));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    assertThat(response.body()).contains("context_length_exceeded", "fake/gpt-4o ");
    assertThat(provider.requests()).isEmpty();
  }

  private static String model(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.headers().firstValue("x-penstock-model").orElse("");
  }
}
