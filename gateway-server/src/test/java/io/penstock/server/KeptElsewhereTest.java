package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A response of one's own, gone on with by a model that its provider does not serve. */
@ExtendWith(LeakCheck.class)
class KeptElsewhereTest {
  private static final String PATH = "/v1/responses";
  private static final String WHOLE =
      """
      {"id":"resp_1","object":"response","status":"completed","model":"gpt-4o-mini","output":[{"type":"message","id":"msg_1","role":"assistant","content":[]}],\
      "usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12}}\
      """;

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(KeptElsewhereTest::yaml, provider);

  private static String yaml(Path directory) {
    String more =
        """

          claude: { dialect: anthropic, base_url: "%s", keys: [k], catalogue: anthropic }
        models:
          elsewhere: claude/claude-sonnet-4-5
          either: { targets: [claude/claude-sonnet-4-5, fake/gpt-4o-mini] }
        """
            .formatted(provider.url());
    return RunningGateway.yaml(directory, provider, "").replace("\nmodels:\n", more);
  }

  /** It will never work: no 503, which clients send again. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "previous_response_id | \"Hi\",\"previous_response_id\":\"resp_1\"",
        "input[0]             | [{\"type\":\"item_reference\",\"id\":\"msg_1\"}]",
      })
  void modelOfAnotherProvider_isA400ThatSaysWhatToDo(String param, String input) {
    provider.on(PATH).reply(Script.json(WHOLE));
    assertThat(gateway.post(PATH, "{\"model\":\"gpt-4o-mini\",\"input\":\"Hi\"}").statusCode())
        .isEqualTo(200);
    String ask = "{\"model\":\"%s\",\"input\":" + input + "}";

    HttpResponse<String> refused = gateway.post(PATH, ask.formatted("elsewhere"));

    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(400);
    assertThat(refused.body())
        .contains(
            "\"unsupported_parameter\"",
            "\"param\":\"" + param + "\"",
            "kept at fake",
            "claude/claude-sonnet-4-5",
            "in `input`");
    assertThat(refused.headers().firstValue("retry-after")).isEmpty();
    assertThat(provider.requests()).hasSize(1);
    assertThat(gateway.post(PATH, ask.formatted("either")).statusCode()).isEqualTo(200);
  }
}
