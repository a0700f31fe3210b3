package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model's name becomes a segment of the upstream path: it must not climb there. */
@ExtendWith(LeakCheck.class)
class DotModelsTest {
  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(DotModelsTest::yaml, PROVIDER);

  private static String yaml(Path directory) {
    return RunningGateway.yaml(directory, PROVIDER, "prices: { unknown: free }")
        .replace(
            "models:\n",
            ("  az: { dialect: azure, api_version: \"2024-10-21\", base_url: \"%s\", keys: [az-key]"
                 + " }\n"
                 + "  bed: { dialect: bedrock, base_url: \"%s\", region: eu-west-1, keys: [bed-key]"
                 + " }\n"
                 + "models:\n"
                 + "  \"z-*\": az/*\n"
                 + "  \"b-*\": bed/*\n"
                 + "  \"any/*\": az/*\n")
                .formatted(PROVIDER.url(), PROVIDER.url()))
        .replace("user: ada }", "user: ada, routes: ['*'] }");
  }

  private static String chat(String model) {
    return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"z-..", "z-.", "b-..", "any/..", "any/./x", "any/x/../y", "z-../x", "any/..\\\\x"})
  void dotSegment_isNoModel_andNobodyIsAsked(String model) {
    HttpResponse<String> refused = gateway.post("/v1/chat/completions", chat(model));

    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(404);
    assertThat(refused.body()).contains("model_not_found");
    HttpResponse<String> byHeader =
        gateway.post(
            "/v1/chat/completions",
            chat("gpt-4o-mini"),
            "X-Penstock-Route",
            model.replace("\\\\", "\\"));
    assertThat(byHeader.statusCode()).as(byHeader.body()).isEqualTo(404);
    HttpResponse<String> inThePath =
        gateway.post(
            "/v1beta/models/"
                + model.replace("/", "%2F").replace("\\\\", "%5C").replace(".", "%2E")
                + ":generateContent",
            "{\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}]}");
    assertThat(inThePath.statusCode()).as(inThePath.body()).isIn(400, 404);
    assertThat(PROVIDER.requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"z-...", "z-gpt-4.1", "any/.hidden", "any/a..b"})
  void otherDots_areAName(String model) {
    gateway.post("/v1/chat/completions", chat(model));

    assertThat(PROVIDER.awaitRequest(1).path()).startsWith("/openai/deployments/");
  }
}
