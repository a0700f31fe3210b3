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

            breaker: { failures: 1000000 }
          a: { dialect: anthropic, base_url: "%1$s", keys: [k], catalogue: openai, %2$s }
          g: { dialect: gemini, base_url: "%1$s", keys: [k], catalogue: openai, %2$s }
        models:
          chat: fake/gpt-4o-mini
          messages: a/gpt-4o-mini
          generate: g/gpt-4o-mini
        """
            .formatted(provider.url(), "timeouts: { idle: 300ms }, breaker: { failures: 1000000 }");
    return RunningGateway.yaml(directory, provider, "")
        .replace("idle: 2s", "idle: 300ms")
        .replace("\nmodels:\n", more);
  }

  private static Script chat() {
    return Script.sse("{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}");
  }

  private static Script responses() {
    return Script.sse(
        "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\","
            + "\"sequence_number\":4,\"item_id\":\"m\",\"output_index\":0,\"content_index\":0,"
            + "\"delta\":\"Hel\"}");
  }

  private static Script messages() {
    return Script.sse(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\","
            + "\"model\":\"x\",\"content\":[],\"usage\":{\"input_tokens\":9}}}",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
            + "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
            + "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hel\"}}");
  }

  private static Script generate() {
    return Script.sse(
        "{\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\","
            + "\"parts\":[{\"text\":\"Hel\"}]}}]}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"chat", "messages"})
  void messagesClient_errorEvent_namesTheCall(String model) {
    provider.on("/v1/chat/completions").reply(chat());
    provider.on("/v1/messages").reply(messages());

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

  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions, chat",
    "/v1/chat/completions, messages",
    "/v1/responses, chat",
    "/v1/responses, messages",
    "/v1/messages, messages",
    "/v1/messages, chat",
    "/v1beta/models/generate:streamGenerateContent?alt=sse, generate",
    "/v1beta/models/chat:streamGenerateContent?alt=sse, chat",
    "/v1beta/models/generate:streamGenerateContent, generate",
    "/v1beta/models/chat:streamGenerateContent, chat"
  })
  void silence_behindContent_hasTheCodeOfThe504BeforeIt(String path, String model) {
    provider.on("/v1/chat/completions").reply(chat().stall());
    provider.on("/v1/responses").reply(responses().stall());
    provider.on("/v1/messages").reply(messages().stall());
    provider.on("/v1beta/models/*").reply(generate().stall());

    HttpResponse<String> broken =
        gateway.post(
            path,
            path.startsWith("/v1beta")
                ? "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]}"
                : "{\"model\":\""
                    + model
                    + "\",\"stream\":true,"
                    + (path.equals("/v1/responses")
                        ? "\"input\":\"hi\"}"
                        : "\"max_tokens\":9,"
                            + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"));

    assertThat(broken.statusCode()).as(broken.body()).isEqualTo(200);
    assertThat(broken.body())
        .contains("Hel", "did not answer in time", "upstream_timeout")
        .doesNotContain("upstream_error");
    if (path.startsWith("/v1beta")) {
      assertThat(broken.body()).contains("{\"error\":{\"code\":504,", "DEADLINE_EXCEEDED");
    } else if (path.equals("/v1/responses") && model.equals("messages")) {
      assertThat(broken.body()).contains("\"code\":\"server_error\"", "(upstream_timeout)\"");
    } else {
      assertThat(broken.body()).contains("\"code\":\"upstream_timeout\"");
    }
    if (path.equals("/v1/messages")) {
      assertThat(broken.body()).contains("\"type\":\"timeout_error\"");
    }
  }
}
