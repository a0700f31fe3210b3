package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers that are whole and paid, but cannot be told in the client's dialect. */
@ExtendWith(LeakCheck.class)
class UntoldAnswersTest {
  private static final String UNTOLD =
      "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[]},\"index\":0,"
          + "\"finishReason\":\"MALFORMED_FUNCTION_CALL\"}],\"modelVersion\":\"gemini-2.5-flash\","
          + "\"usageMetadata\":{\"promptTokenCount\":1000,\"candidatesTokenCount\":100}}";

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(UntoldAnswersTest::yaml, provider);

  private static String yaml(Path directory) {
    String more =
        """

          g: { dialect: gemini, base_url: "%s", keys: [k], catalogue: gemini, breaker: { failures: 2 } }
        models:
          flash: g/gemini-2.5-flash
          either: { targets: [g/gemini-2.5-flash, fake/gpt-4o-mini] }
        """
            .formatted(provider.url());
    return RunningGateway.yaml(directory, provider, "").replace("\nmodels:\n", more);
  }

  private static HttpResponse<String> ask(String model, boolean stream) {
    return gateway.post(
        "/v1/chat/completions",
        "{\"model\":\""
            + model
            + "\",\"stream\":"
            + stream
            + ",\"max_tokens\":3000,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
  }

  private static void answers(String answer) {
    provider
        .on("/v1beta/models/*")
        .reply(asked -> asked.path().contains("stream") ? Script.sse(answer) : Script.json(answer));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void untold_isBookedAsReported_andNotPaidTwice(boolean stream) {
    answers(UNTOLD);

    HttpResponse<String> told = ask("either", stream);

    assertThat(told.statusCode()).as(told.body()).isEqualTo(502);
    assertThat(told.body()).contains("upstream_malformed", "MALFORMED_FUNCTION_CALL");
    assertThat(told.headers().firstValue("x-should-retry")).hasValue("false");
    Await.until("it is counted", () -> !gateway.rows(told).isEmpty());
    assertThat(gateway.rows(told)).hasSize(1);
    JsonNode row = gateway.rows(told).path(0);
    assertThat(row.path("usage_source").asText()).as(row.toString()).isEqualTo("reported");
    assertThat(new BigDecimal(row.path("cost_usd").asText()))
        .as(row.toString())
        .isEqualByComparingTo("0.00055");
  }

  @Test
  void untold_manyTimes_leavesTheTargetToOthers() {
    answers(UNTOLD);
    for (int i = 0; i < 6; i++) {
      assertThat(ask("flash", i % 2 == 0).statusCode()).isEqualTo(502);
    }
    answers(UNTOLD.replace("MALFORMED_FUNCTION_CALL", "STOP"));

    assertThat(ask("flash", false).statusCode()).isEqualTo(200);
  }
}
