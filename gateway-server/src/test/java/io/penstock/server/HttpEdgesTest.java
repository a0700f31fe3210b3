package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What HTTP asks of a server besides the request itself: codings, targets, hosts, methods. */
@ExtendWith(LeakCheck.class)
class HttpEdgesTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension static final GatewayExtension gateway = GatewayExtension.of(PROVIDER, "");

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
}
