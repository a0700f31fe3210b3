package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the gateway answers of its own and for nothing leaves no row, as docs/ledger.md says. */
@ExtendWith(LeakCheck.class)
class LocalAnswersTest {
  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway =
      GatewayExtension.of(directory -> RunningGateway.yaml(directory, provider, ""), provider);

  @Test
  void localTokenCount_hasAnIdButNoRow() {
    HttpResponse<String> counted =
        gateway.post(
            "/v1/messages/count_tokens",
            "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    HttpResponse<String> refused =
        gateway.post("/v1/chat/completions", "{\"model\":\"unheard-of\",\"messages\":[]}");

    assertThat(counted.statusCode()).as(counted.body()).isEqualTo(200);
    assertThat(counted.headers().firstValue("x-penstock-estimated")).hasValue("input_tokens");
    assertThat(counted.headers().firstValue("x-penstock-request-id")).isPresent();
    gateway.awaitRecorded();
    assertThat(gateway.rows(refused)).hasSize(1);
    assertThat(gateway.rows(counted)).isEmpty();
  }
}
