package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every kind of bad input has its status and reaches no provider. */
@ExtendWith(LeakCheck.class)
class BadInputTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension static final GatewayExtension gateway = GatewayExtension.of(provider, "");

  @AfterEach
  void nothingReachesTheProvider() {
    assertThat(provider.requests()).as("what reached the provider").isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"model\":\"gpt-4o-mini\"|400|invalid_json",
        "''|400|invalid_json",
        "[1]|400|invalid_json",
        "{\"model\":\"gpt-4o-mini\"} x|400|invalid_json",
        "{\"model\":\"gpt-4o-mini\",\"model\":\"gpt-4o\"}|400|invalid_json",
        "{\"messages\":[]}|400|invalid_request",
        "{\"model\":7}|400|invalid_request",
        "{\"model\":\"gpt-4o-mini\",\"stream\":\"yes\"}|400|invalid_request",
        "{\"model\":\"gpt-4o-mini\",\"max_tokens\":-1}|400|invalid_request",
        "{\"model\":\"gpt-4o-mini\",\"max_tokens\":1,\"max_completion_tokens\":2}|400|invalid_request",
        "{\"model\":\"gpt-99\"}|404|model_not_found"
      })
  void body_bad_isRefused(String body, int status, String code) {
    HttpResponse<String> response = gateway.post("/v1/chat/completions", body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.body()).contains("\"code\":\"" + code + "\"");
  }

  @Test
  void body_nestedTooDeeply_isRefused() {
    String deep = "[".repeat(5000) + "]".repeat(5000);
    HttpResponse<String> response =
        gateway.post("/v1/chat/completions", "{\"model\":\"gpt-4o-mini\",\"x\":" + deep + "}");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("nested");
  }

  @Test
  void body_badUtf8_isRefused() throws Exception {
    byte[] body = CHAT.getBytes(StandardCharsets.UTF_8);
    body[body.length - 6] = (byte) 0xff;
    String answer = raw(head(body.length, ""), body);
    assertThat(answer).startsWith("HTTP/1.1 400").contains("invalid_json");
  }

  @Test
  void body_tooLarge_isRefusedWithAndWithoutContentLength() throws Exception {
    String large = "{\"model\":\"gpt-4o-mini\",\"x\":\"" + "a".repeat(1_100_000) + "\"}";
    assertThat(gateway.post("/v1/chat/completions", large).statusCode()).isEqualTo(413);
    StringBuilder chunked = new StringBuilder();
    String piece = "a".repeat(60_000);
    for (int i = 0; i < 20; i++) {
      chunked
          .append(Integer.toHexString(piece.length()))
          .append("\r\n")
          .append(piece)
          .append("\r\n");
    }
    String answer =
        raw(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                + RunningGateway.KEY
                + "\r\nTransfer-Encoding: chunked\r\n\r\n",
            chunked.append("0\r\n\r\n").toString().getBytes(StandardCharsets.UTF_8));
    assertThat(answer).startsWith("HTTP/1.1 413").contains("request_too_large");
  }

  /** Many clients read the answer only when they have sent all of their body. */
  @Test
  void body_ofAHundredMegabytes_sentWhole_isRefusedAndNotReset() throws Exception {
    byte[] piece = "a".repeat(1 << 20).getBytes(StandardCharsets.UTF_8);
    try (RawClient client = RawClient.to(gateway)) {
      client.send(RawClient.head("/v1/chat/completions", 100L * piece.length));
      for (int i = 0; i < 100; i++) {
        client.send(piece);
      }
      assertThat(client.readUntil("request_too_large")).startsWith("HTTP/1.1 413");
    }
  }

  @ParameterizedTest
  @CsvSource({"pk-unknown", "pk-old", "pk-off", "''"})
  void key_bad_getsTheSameWords(String key) {
    HttpResponse<String> response =
        gateway.post("/v1/chat/completions", CHAT, "Authorization", "Bearer " + key);
    assertThat(response.statusCode()).isEqualTo(401);
    assertThat(response.body())
        .contains("invalid_api_key")
        .contains("The API key is missing or not valid.");
  }

  @Test
  void key_limits_areHeld() {
    String[] support = {"Authorization", "Bearer pk-support"};
    HttpResponse<String> missing = gateway.post("/v1/chat/completions", CHAT, support);
    assertThat(missing.statusCode()).isEqualTo(400);
    assertThat(missing.body()).contains("metadata_required").contains("project");
    HttpResponse<String> model =
        gateway.post(
            "/v1/chat/completions",
            CHAT.replace("gpt-4o-mini", "two"),
            "Authorization",
            "Bearer pk-support",
            "X-Penstock-Metadata",
            "{\"project\":\"p\"}");
    assertThat(model.statusCode()).isEqualTo(403);
    assertThat(model.body()).contains("model_not_allowed");
    HttpResponse<String> parameter =
        gateway.post(
            "/v1/chat/completions",
            CHAT.replace("{\"model\"", "{\"logit_bias\":{\"1\":2},\"model\""),
            "Authorization",
            "Bearer pk-support",
            "X-Penstock-Metadata",
            "{\"project\":\"p\"}");
    assertThat(parameter.statusCode()).isEqualTo(403);
    assertThat(parameter.body()).contains("parameter_not_allowed");
    HttpResponse<String> address =
        gateway.post("/v1/chat/completions", CHAT, "Authorization", "Bearer pk-far");
    assertThat(address.statusCode()).isEqualTo(403);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]",
        "{\"a\":\"b\\u0000c\"}",
        "{\"a\\nb\":\"c\"}",
        "{\"a\":1}",
        "{\"a\":",
        "{\"a\":\"1\",\"a\":\"2\"}"
      })
  void metadata_bad_isRefused(String metadata) {
    HttpResponse<String> response =
        gateway.post("/v1/chat/completions", CHAT, "X-Penstock-Metadata", metadata);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("invalid_metadata");
  }

  @ParameterizedTest
  @CsvSource({
    "/nope,404,unknown_path",
    "/v1/response,404,unknown_path",
    "/v1/messages/nope,404,not_found_error"
  })
  void path_unknown_listsWhatThereIs(String path, int status, String code) {
    HttpResponse<String> response = gateway.post(path, CHAT);
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.body()).contains(code).contains("/v1/chat/completions");
  }

  @Test
  void head_ofTheRoot_is200WithoutAKey() throws Exception {
    assertThat(raw("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", new byte[0]))
        .startsWith("HTTP/1.1 200");
  }

  @Test
  void upgrade_webSocketIs426AndH2cIsIgnored() throws Exception {
    String socket =
        raw(
            "GET /v1/responses HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                + RunningGateway.KEY
                + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            new byte[0]);
    assertThat(socket).startsWith("HTTP/1.1 426");
    String h2c =
        raw(
            "GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                + RunningGateway.KEY
                + "\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
            new byte[0]);
    assertThat(h2c).startsWith("HTTP/1.1 200");
  }

  @Test
  void smuggling_shapes_areRefused() throws Exception {
    byte[] body = CHAT.getBytes(StandardCharsets.UTF_8);
    String both = raw(head(body.length, "Transfer-Encoding: chunked\r\n"), body);
    assertThat(both).startsWith("HTTP/1.1 400");
    assertThat(raw(head(body.length, "Content-Length: 1\r\n"), body)).startsWith("HTTP/1.1 400");
    assertThat(raw(head(body.length, "X-Fold: a\r\n b\r\n"), body)).startsWith("HTTP/1.1 400");
    String badChunk =
        raw(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                + RunningGateway.KEY
                + "\r\nTransfer-Encoding: chunked\r\n\r\n",
            "zz\r\nhello\r\n0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
    assertThat(badChunk).startsWith("HTTP/1.1 400");
  }

  @Test
  void headers_bomb_isRefused() throws Exception {
    String answer = raw(head(0, "X-Bomb: " + "a".repeat(100_000) + "\r\n"), new byte[0]);
    assertThat(answer).startsWith("HTTP/1.1 431");
  }

  @Test
  void refusals_leaveRowsAndCounters() {
    gateway.post("/v1/chat/completions", "{\"model\":\"gpt-99\"}");
    assertThat(gateway.admin("/admin/v1/spend?by=status")).contains("\"404\"");
    assertThat(gateway.admin("/metrics")).contains("status=\"404\"");
  }

  private static String head(int length, String more) {
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
        + RunningGateway.KEY
        + "\r\nContent-Length: "
        + length
        + "\r\n"
        + more
        + "\r\n";
  }

  /** Sends bytes and reads until the answer's body has begun or the connection ends. */
  private static String raw(String head, byte[] body) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      try {
        socket.getOutputStream().write(body);
      } catch (java.io.IOException e) {
        // The gateway may have answered and closed before the whole body was sent.
        return SpineTest.RawHttp.readUntil(socket.getInputStream(), "}");
      }
      return SpineTest.RawHttp.readUntil(socket.getInputStream(), "}");
    }
  }
}
