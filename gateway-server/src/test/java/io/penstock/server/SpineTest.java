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
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The main job: a call is identified, priced, forwarded byte by byte and recorded. */
@ExtendWith(LeakCheck.class)
class SpineTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\", \"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\",\"x_new\":[1, 2],"
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1000,"
          + "\"completion_tokens\":100,\"total_tokens\":1100,"
          + "\"prompt_tokens_details\":{\"cached_tokens\":400}}}";

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension static final GatewayExtension gateway = GatewayExtension.of(provider, "");

  private static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  @Test
  void chat_unary_isForwardedPricedAndRecorded() throws Exception {
    provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
    HttpResponse<String> response =
        gateway.post(
            "/v1/chat/completions",
            "{ \"zeta\" : 1.50 ,\"model\":\"mini-me\", \"messages\":[], \"alpha\":\"\\u00e9\"}",
            "X-Penstock-Metadata",
            "{\"project\":\"apollo\"}");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.body()).isEqualTo(ANSWER);
    // 600 x 0.15 + 400 x 0.075 + 100 x 0.60 USD per million.
    assertThat(header(response, "x-penstock-cost-usd")).isEqualTo("0.00018");
    assertThat(header(response, "x-penstock-provider")).isEqualTo("fake");
    assertThat(header(response, "x-penstock-model")).isEqualTo("gpt-4o-mini");
    assertThat(header(response, "x-penstock-cache")).isEqualTo("off");
    assertThat(header(response, "x-penstock-price-version")).isNotEmpty();
    assertThat(header(response, "x-request-id"))
        .isNotEmpty()
        .isEqualTo(header(response, "x-penstock-request-id"));
    Received sent = provider.awaitRequest(1);
    assertThat(sent.text())
        .isEqualTo(
            "{ \"zeta\" : 1.50 ,\"model\":\"gpt-4o-mini\", \"messages\":[],"
                + " \"alpha\":\"\\u00e9\"}");
    assertThat(sent.header("authorization")).isEqualTo("Bearer sk-upstream");
    assertThat(sent.header("x-penstock-metadata")).isNull();
    JsonNode row = gateway.rows(header(response, "x-penstock-request-id")).path(0);
    assertThat(row.path("cost_usd").asText()).isEqualTo("0.00018");
    assertThat(row.path("team").asText()).isEqualTo("engineering");
    assertThat(row.path("asked").asText()).isEqualTo("mini-me");
    assertThat(row.path("route").asText()).isEqualTo("mini-*");
    assertThat(row.path("metadata").path("project").asText()).isEqualTo("apollo");
    assertThat(row.path("usage").path("input").asLong()).isEqualTo(600);
    assertThat(row.path("usage").path("cache_read").asLong()).isEqualTo(400);
    assertThat(row.path("usage_source").asText()).isEqualTo("reported");
  }

  @Test
  void chat_stream_usageIsAskedForAndStripped() throws Exception {
    HttpResponse<String> response =
        gateway.post(
            "/v1/chat/completions", CHAT.replace("{\"model\"", "{\"stream\":true,\"model\""));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(header(response, "content-type")).startsWith("text/event-stream");
    assertThat(response.body()).endsWith("data: [DONE]\n\n").contains(": penstock {\"cost_usd\":");
    assertThat(response.body()).doesNotContain("\"usage\":{");
    assertThat(provider.awaitRequest(1).text()).contains("\"include_usage\":true");
    JsonNode row = gateway.rows(header(response, "x-penstock-request-id")).path(0);
    assertThat(row.path("usage_source").asText()).isEqualTo("reported");
    assertThat(row.path("usage").path("output").asLong()).isPositive();
    assertThat(row.path("first_token_ms").asDouble()).isPositive();
  }

  @Test
  void chat_streamWithUsage_carriesTheCostInTheUsageChunk() {
    HttpResponse<String> response =
        gateway.post(
            "/v1/chat/completions",
            CHAT.replace(
                "{\"model\"",
                "{\"stream\":true,\"stream_options\":{\"include_usage\":true},\"model\""));
    assertThat(response.body()).contains("\"penstock\":{\"cost_usd\":");
  }

  @Test
  void route_setAndDefault_areSpliced() {
    gateway.post("/v1/chat/completions", CHAT.replace("gpt-4o-mini", "fixed"));
    assertThat(provider.awaitRequest(1).text())
        .contains("\"temperature\":0")
        .contains("\"top_p\":0.5")
        .contains("\"model\":\"gpt-4o-mini\"");
  }

  @Test
  void priority_firstTargetFails_secondAnswersAndBothAreRecorded() throws Exception {
    provider.on("/v1/chat/completions").model("gpt-4o").reply(Script.error(500));
    HttpResponse<String> response =
        gateway.post("/v1/chat/completions", CHAT.replace("gpt-4o-mini", "two"));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(header(response, "x-penstock-model")).isEqualTo("gpt-4o-mini");
    assertThat(header(response, "x-penstock-route")).isEqualTo("priority[1] after 500");
    JsonNode rows = gateway.rows(header(response, "x-penstock-request-id"));
    assertThat(rows).hasSize(2);
    assertThat(rows.path(0).path("status").asInt()).isEqualTo(500);
    assertThat(rows.path(0).path("cost_usd").asText()).isEqualTo("0.00");
    assertThat(rows.path(1).path("cause").asText()).isEqualTo("fallback");
  }

  @Test
  void upstream_401_isA502ForTheClient() {
    provider.on("/v1/chat/completions").reply(Script.error(401));
    HttpResponse<String> response = gateway.post("/v1/chat/completions", CHAT);
    assertThat(response.statusCode()).isEqualTo(502);
    assertThat(response.body()).contains("upstream_credentials").doesNotContain("sk-upstream");
  }

  @Test
  void upstream_400_comesThroughWithItsOwnMessage() {
    provider
        .on("/v1/chat/completions")
        .reply(
            Script.json(
                    "{\"error\":{\"message\":\"temperature must be <= 2\",\"type\":\"x\","
                        + "\"param\":\"temperature\",\"code\":\"bad_value\"}}")
                .status(400));
    HttpResponse<String> response = gateway.post("/v1/chat/completions", CHAT);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("temperature must be <= 2").contains("bad_value");
  }

  @Test
  void upstream_streamCut_isAnErrorEventAndAnEstimatedRow() throws Exception {
    provider
        .on("/v1/chat/completions")
        .reply(
            Script.sse(
                    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello you\"}}]}",
                    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lost\"}}]}")
                .cutAfterBytes(90));
    HttpResponse<String> response =
        gateway.post(
            "/v1/chat/completions", CHAT.replace("{\"model\"", "{\"stream\":true,\"model\""));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("hello you").contains("\"error\"");
    String id = header(response, "x-penstock-request-id");
    Await.until(
        "the row is there", () -> gateway.admin("/admin/v1/requests/" + id).contains("attempts"));
    JsonNode row = gateway.rows(id).path(0);
    assertThat(row.path("usage_source").asText()).isEqualTo("estimated");
    assertThat(row.path("usage").path("output").asLong()).isPositive();
    assertThat(row.path("ending").asText()).isEqualTo("upstream_failed");
  }

  @Test
  void clientLeaves_midStream_upstreamIsCancelled() throws Exception {
    Gate gate = new Gate("second event");
    provider
        .on("/v1/chat/completions")
        .reply(
            Script.sse(
                    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}",
                    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"two\"}}]}")
                .pauseBefore(1, gate));
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
      socket
          .getOutputStream()
          .write(
              RawHttp.post(
                  "/v1/chat/completions",
                  CHAT.replace("{\"model\"", "{\"stream\":true,\"model\"")));
      RawHttp.readUntil(socket.getInputStream(), "one");
    }
    provider.awaitRequest(1).awaitClosed();
    gate.open();
  }

  @Test
  void models_unpriced_isRefusedBeforeAnythingIsSpent() {
    HttpResponse<String> response =
        gateway.post("/v1/chat/completions", CHAT.replace("gpt-4o-mini", "nobody-knows"));
    assertThat(response.statusCode()).isEqualTo(422);
    assertThat(response.body()).contains("model_not_priced").contains("fake/nobody-knows");
    assertThat(provider.requests()).isEmpty();
  }

  @Test
  void otherEndpoints_areForwarded() {
    HttpResponse<String> embeddings =
        gateway.post(
            "/v1/embeddings", "{\"model\":\"text-embedding-3-small\",\"input\":[\"a\",\"b\"]}");
    assertThat(embeddings.statusCode()).as(embeddings.body()).isEqualTo(200);
    assertThat(header(embeddings, "x-penstock-cost-usd")).isNotEmpty();
    HttpResponse<String> models = gateway.get("/v1/models");
    assertThat(models.body()).contains("\"gpt-4o-mini\"").contains("input_usd_per_million");
  }

  @Test
  void reload_goodEdit_takesEffectAndABadOneKeepsTheLastGood() throws Exception {
    String yaml = Files.readString(gateway.file());
    Files.writeString(gateway.file(), yaml.replace("\"mini-*\"", "\"tiny-*\""));
    Await.until("version 2", () -> gateway.admin("/admin/v1/config").contains("\"version\":2"));
    assertThat(
            gateway
                .post("/v1/chat/completions", CHAT.replace("gpt-4o-mini", "tiny-1"))
                .statusCode())
        .isEqualTo(200);
    Files.writeString(gateway.file(), yaml.replace("providers:", "provider:"));
    Await.until("problems", () -> gateway.admin("/admin/v1/config").contains("did you mean"));
    assertThat(
            gateway
                .post("/v1/chat/completions", CHAT.replace("gpt-4o-mini", "tiny-1"))
                .statusCode())
        .isEqualTo(200);
    Files.writeString(gateway.file(), yaml);
    Await.until("version 3", () -> gateway.admin("/admin/v1/config").contains("\"version\":3"));
  }

  @Test
  void pipelining_answersInOrder() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
      byte[] one = RawHttp.post("/v1/chat/completions", CHAT);
      byte[] two = RawHttp.post("/v1/chat/completions", CHAT.replace("gpt-4o-mini", "unheard-of"));
      byte[] both = new byte[one.length + two.length];
      System.arraycopy(one, 0, both, 0, one.length);
      System.arraycopy(two, 0, both, one.length, two.length);
      socket.getOutputStream().write(both);
      String answers = RawHttp.readUntil(socket.getInputStream(), "model_not_found");
      assertThat(answers.indexOf("200 OK")).isLessThan(answers.indexOf("404 Not Found"));
    }
  }

  /** HTTP by hand. */
  static final class RawHttp {
    private RawHttp() {}

    static byte[] post(String path, String body) {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      return ("POST "
              + path
              + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
              + RunningGateway.KEY
              + "\r\nContent-Type: application/json\r\nContent-Length: "
              + bytes.length
              + "\r\n\r\n"
              + body)
          .getBytes(StandardCharsets.UTF_8);
    }

    static String readUntil(InputStream in, String marker) throws IOException {
      StringBuilder read = new StringBuilder();
      byte[] buffer = new byte[4096];
      while (read.indexOf(marker) < 0) {
        int n = in.read(buffer);
        if (n < 0) {
          break;
        }
        read.append(new String(buffer, 0, n, StandardCharsets.UTF_8));
      }
      return read.toString();
    }
  }
}
