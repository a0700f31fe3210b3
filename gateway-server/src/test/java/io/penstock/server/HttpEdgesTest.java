package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What HTTP asks of a server besides the request itself: codings, targets, hosts, methods. */
@ExtendWith(LeakCheck.class)
class HttpEdgesTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String HEAD =
      " HTTP/1.1\r\nConnection: close\r\nAuthorization: Bearer " + RunningGateway.KEY + "\r\n";

  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension static final GatewayExtension gateway = GatewayExtension.of(PROVIDER, "");

  private static String raw(String request) throws Exception {
    try (RawClient client = RawClient.to(gateway)) {
      client.send(request.getBytes(StandardCharsets.UTF_8));
      return client.readToEnd();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "br", "identity, zstd"})
  void compressedBody_is415InTheDialect_andNotSent(String coding) {
    HttpResponse<String> answer = gateway.post("/v1/messages", CHAT, "Content-Encoding", coding);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(415);
    assertThat(answer.body()).contains("\"type\":\"error\"", "content-encoding " + coding);
    assertThat(PROVIDER.requests()).isEmpty();
    assertThat(gateway.post(PATH, CHAT, "Content-Encoding", "identity").statusCode())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "http://any.example:80/healthz, 200",
    "HTTPS://any.example/v1/models?limit=1, 200",
    "http://any.example, 404",
    "ftp://any.example/healthz, 404"
  })
  void absoluteTarget_isServedAsItsPath(String target, int status) throws Exception {
    assertThat(raw("GET " + target + HEAD + "Host: any.example\r\n\r\n"))
        .startsWith("HTTP/1.1 " + status);
  }

  @Test
  void noHost_isA400_andHttp10NeedsNone() throws Exception {
    assertThat(raw("GET /healthz" + HEAD + "\r\n"))
        .startsWith("HTTP/1.1 400")
        .contains("no host header");
    assertThat(raw("GET /healthz HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "DELETE | /v1/chat/completions | POST",
        "POST | /v1/models | GET, HEAD",
        "DELETE | /v1/models/gpt-4o-mini | GET, HEAD",
        "PUT | /v1beta/models/gpt-4o-mini:generateContent | POST"
      })
  void wrongMethod_is405WithThoseAllowed(String method, String path, String allowed)
      throws Exception {
    assertThat(raw(method + " " + path + HEAD + "Host: x\r\nContent-Length: 0\r\n\r\n"))
        .startsWith("HTTP/1.1 405")
        .containsIgnoringCase("\r\nallow: " + allowed + "\r\n");
  }

  @Test
  void headersInUtf8_areReadAsThat() throws Exception {
    raw(
        RawClient.post(
            PATH,
            CHAT,
            "Connection: close",
            "X-Penstock-Metadata: {\"ville\":\"Genève\"}",
            "X-Penstock-Session: séance"));
    assertThat(gateway.admin("/admin/v1/requests?limit=1")).contains("Genève", "séance");
  }

  @Test
  void metadataTwice_isA400() throws Exception {
    assertThat(
            raw(
                RawClient.post(
                    PATH,
                    CHAT,
                    "Connection: close",
                    "X-Penstock-Metadata: {\"a\":\"1\"}",
                    "X-Penstock-Metadata: {\"b\":\"2\"}")))
        .startsWith("HTTP/1.1 400")
        .contains("invalid_metadata", "sent 2 times");
    assertThat(PROVIDER.requests()).isEmpty();
  }
}
