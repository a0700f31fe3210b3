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
import org.junit.jupiter.params.provider.ValueSource;

/** What the last event of a stream says that breaks off after content. */
@ExtendWith(LeakCheck.class)
class BrokenStreamTest {
  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(BrokenStreamTest::yaml, provider);

  private static String yaml(Path directory) {
    String more =
        """

          a: { dialect: anthropic, base_url: "%s", keys: [k], catalogue: openai }
        models:
          chat: fake/gpt-4o-mini
          messages: a/gpt-4o-mini
        """
            .formatted(provider.url());
    return RunningGateway.yaml(directory, provider, "").replace("\nmodels:\n", more);
  }

  @ParameterizedTest
  @ValueSource(strings = {"chat", "messages"})
  void messagesClient_errorEvent_namesTheCall(String model) {
    provider
        .on("/v1/chat/completions")
        .reply(
            Script.sse(
                "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}"));
    provider
        .on("/v1/messages")
        .reply(
            Script.sse(
                "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\","
                    + "\"model\":\"x\",\"content\":[],\"usage\":{\"input_tokens\":9}}}",
                "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
                    + "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
                "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                    + "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hel\"}}"));

    HttpResponse<String> broken =
        gateway.post(
            "/v1/messages",
            "{\"model\":\""
                + model
                + "\",\"stream\":true,\"max_tokens\":9,"
                + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");

    String id = broken.headers().firstValue("x-penstock-request-id").orElseThrow();
    assertThat(broken.body())
        .contains(
            "Hel", "event: error\ndata: {\"type\":\"error\"", "\"request_id\":\"" + id + "\"");
  }
}
