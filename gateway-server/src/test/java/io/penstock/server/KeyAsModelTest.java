package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A client that puts a key where the model's name belongs: nobody keeps it, nobody is sent it. */
@ExtendWith(LeakCheck.class)
class KeyAsModelTest {
  private static final String SHAPED = "sk-proj-Ab1cdEF23ghIJ45klMN67opQR89";

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(KeyAsModelTest::yaml, provider);

  private static String yaml(Path directory) {
    return RunningGateway.yaml(directory, provider, "prices: { unknown: free }")
        .replace("\"mini-*\": fake/gpt-4o-mini", "\"any/*\": fake/*\n  pk-off: fake/gpt-4o-mini")
        .replace("keys: [sk-upstream]", "keys: [upstream-secret]")
        .replace("user: ada }", "user: ada, routes: ['*'] }");
  }

  private static String chat(String model) {
    return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  }

  /** Virtual keys, one of them expired, what the provider is sent, and what looks like a key. */
  @ParameterizedTest
  @CsvSource({
    "pk-test",
    "any/pk-test",
    "any/pk-old",
    "upstream-secret",
    "any/upstream-secret",
    SHAPED,
    "any/" + SHAPED
  })
  void inTheBody_isRefused_andNotRecorded(String model) {
    refused(gateway.post("/v1/chat/completions", chat(model)), model.replace("any/", ""));
  }

  @ParameterizedTest
  @CsvSource({SHAPED + ",{}", "any%2F" + SHAPED + ",{}", SHAPED + ",{"})
  void inThePath_isRefused_andNotRecorded(String model, String body) {
    HttpResponse<String> response =
        gateway.post("/v1beta/models/" + model + ":generateContent", body);
    refused(response, SHAPED);
  }

  @Test
  void inAForm_isRefused_andNotRecorded() {
    String form =
        "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nany/" + SHAPED + "\r\n--b--";
    HttpResponse<String> response =
        RunningGateway.send(
            HttpRequest.newBuilder(URI.create(gateway.url() + "/v1/audio/transcriptions"))
                .POST(HttpRequest.BodyPublishers.ofString(form))
                .header("Content-Type", "multipart/form-data; boundary=b")
                .header("Authorization", "Bearer " + RunningGateway.KEY)
                .build());
    refused(response, SHAPED);
  }

  @Test
  void inTheHeaderThatNamesARoute_isNotSent() {
    HttpResponse<String> response =
        gateway.post(
            "/v1/chat/completions", chat("gpt-4o-mini"), "X-Penstock-Route", "any/" + SHAPED);
    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(provider.requests()).isEmpty();
    assertThat(gateway.rows(response).toString()).doesNotContain(SHAPED);
  }

  @Test
  void ofAPathThatIsTooLong_nothingIsRecorded() {
    HttpResponse<String> response =
        gateway.post("/v1beta/models/" + "e".repeat(300) + ":generateContent", "{}");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(gateway.rows(response).path(0).path("asked").asText()).isEmpty();
  }

  @Test
  void nameThatIsConfigured_isAModelWhateverItLooksLike() {
    HttpResponse<String> response = gateway.post("/v1/chat/completions", chat("pk-off"));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(gateway.rows(response).path(0).path("asked").asText()).isEqualTo("pk-off");
  }

  @Test
  void otherNameBehindTheWildcard_isAsked() {
    HttpResponse<String> response = gateway.post("/v1/chat/completions", chat("any/gpt-4o-mini"));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(gateway.rows(response).path(0).path("asked").asText()).isEqualTo("any/gpt-4o-mini");
  }

  private static void refused(HttpResponse<String> response, String key) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(404);
    assertThat(response.body()).contains("looks like an API key").doesNotContain(key);
    assertThat(provider.requests()).isEmpty();
    JsonNode row = gateway.rows(response).path(0);
    assertThat(row.path("asked").asText()).isEqualTo("(redacted)");
    assertThat(row.toString()).doesNotContain(key);
    assertThat(gateway.admin("/metrics")).doesNotContain(key);
  }
}
