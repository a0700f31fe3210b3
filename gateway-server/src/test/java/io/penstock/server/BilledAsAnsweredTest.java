package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the answer says it used is billed, and what of it has no price is said. */
@ExtendWith(LeakCheck.class)
class BilledAsAnsweredTest {
  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(BilledAsAnsweredTest::yaml, provider);

  private static String yaml(Path directory) {
    return RunningGateway.yaml(directory, provider, "")
        .replace("models:\n", "models:\n  gpt-4o: fake/gpt-4o\n");
  }

  private static JsonNode row(HttpResponse<String> of) {
    assertThat(of.statusCode()).as(of.body()).isEqualTo(200);
    return gateway.rows(of).path(0);
  }

  @Test
  void anotherModelOfTheCatalogueAnswers_itsPriceIsBilled() {
    provider
        .on("/v1/chat/completions")
        .reply(
            Script.json(
                "{\"model\":\"gpt-4o-2024-05-13\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
                    + "\"assistant\",\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":"
                    + "{\"prompt_tokens\":1000,\"completion_tokens\":1000}}"));

    JsonNode row =
        row(
            gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"gpt-4o\",\"max_tokens\":1000,\"messages\":[{\"role\":\"user\","
                    + "\"content\":\"hi\"}]}"));

    assertThat(row.path("cost_usd").asText()).as(row.toString()).isEqualTo("0.02");
    assertThat(row.path("model").asText()).isEqualTo("gpt-4o");
  }
}
