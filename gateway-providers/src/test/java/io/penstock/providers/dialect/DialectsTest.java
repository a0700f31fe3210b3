package io.penstock.providers.dialect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.core.GatewayException;
import io.penstock.providers.Attempt;
import io.penstock.providers.ErrorBodies;
import io.penstock.providers.EventStreamDecoder;
import io.penstock.providers.Failure;
import io.penstock.providers.Provider;
import io.penstock.providers.ProviderException;
import io.penstock.providers.UpstreamRequest.Header;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DialectsTest {
  private static final String MESSAGE =
      "{\"model\":\"c\",\"max_tokens\":900,\"zz\":1,\"stream\":true,\"messages\":[]}";

  private static Wire.Call messages(Dialect dialect) {
    return Wire.call(dialect, Endpoint.MESSAGES, MESSAGE).model("claude-x:0");
  }

  @Test
  void anthropic_request_keepsVersionFiltersBetas() {
    Attempt attempt =
        messages(Dialect.ANTHROPIC)
            .header("anthropic-beta", "effort-2025-11-24, context-1m-2025-08-07")
            .maxTokens(10)
            .attempt();

    assertThat(attempt.request().path()).isEqualTo("/v1/messages");
    assertThat(attempt.request().body())
        .asString()
        .isEqualTo(MESSAGE.replace("\"c\"", "\"claude-x:0\"").replace("900", "10"));
    assertThat(attempt.request().headers())
        .contains(
            new Header("anthropic-version", "2023-06-01"),
            new Header("anthropic-beta", "effort-2025-11-24"));
    assertThat(attempt.dropped()).containsExactly("anthropic-beta: context-1m-2025-08-07");
  }

  @Test
  void anthropic_fieldWithoutPrice_is400() {
    assertThatThrownBy(
            () -> Wire.call(Dialect.ANTHROPIC, Endpoint.MESSAGES, "{\"thread\":{}}").attempt())
        .isInstanceOf(GatewayException.class)
        .hasMessageContaining("thread")
        .hasMessageContaining("thread=False");
  }

  /** Anthropic's SDKs go on without a thread when they are told so in these words. */
  @Test
  void thread_refused_saysSoInAnthropicsWords() {
    String code = "unsupported_parameter";

    assertThat(ErrorBodies.json(Dialect.ANTHROPIC, 400, code, "No.", "thread", "r"))
        .contains(
            "\"details\":{\"error_code\":\"thread_unsupported_request\",\"unsupported\":[\"thread\"]}");
    assertThat(ErrorBodies.json(Dialect.ANTHROPIC, 400, code, "No.", "container", "r"))
        .doesNotContain("details");
    assertThat(ErrorBodies.json(Dialect.ANTHROPIC, 400, "invalid_request", "No.", "thread", "r"))
        .doesNotContain("details");
  }

  @Test
  void gemini_whenToAskAgain_isRetryInfo_inWholeSeconds() {
    assertThat(ErrorBodies.json(Dialect.GEMINI, 429, "rate_limited", "No.", null, "r", 1_001))
        .contains(
            "\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":"
                + "\"rate_limited\"},{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
                + "\"retryDelay\":\"2s\"}]");
    assertThat(ErrorBodies.json(Dialect.GEMINI, 402, "budget_exceeded", "No.", null, "r"))
        .doesNotContain("RetryInfo");
    assertThat(ErrorBodies.json(Dialect.OPENAI, 429, "rate_limited", "No.", null, "r", 1_001))
        .doesNotContain("retryDelay");
  }

  @Test
  void anthropic_errorEvent_isOverloaded() {
    Failure failure =
        messages(Dialect.ANTHROPIC)
            .streamed(
                "event: error\n"
                    + "data:"
                    + " {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n")
            .failure();

    assertThat(failure).isNotNull();
    assertThat(failure.kind()).isEqualTo(FailureKind.OVERLOADED);
  }

  @Test
  void bedrock_claude_modelInPathVersionInBody() {
    Attempt attempt =
        messages(Dialect.BEDROCK).header("anthropic-beta", "effort-2025-11-24").attempt();

    assertThat(attempt.request().path())
        .isEqualTo("/model/claude-x%3A0/invoke-with-response-stream");
    assertThat(attempt.request().body())
        .asString()
        .isEqualTo(
            "{\"max_tokens\":900,\"zz\":1,\"messages\":[],\"anthropic_version\":\"bedrock-2023-05-31\",\"anthropic_beta\":[\"effort-2025-11-24\"]}");
  }

  @Test
  void bedrock_exceptionFrame_isThrottled() {
    byte[] frame =
        Frames.frame(
            Map.of(":message-type", "exception", ":exception-type", "throttlingException"),
            "{\"message\":\"slow\"}");

    Failure failure = messages(Dialect.BEDROCK).streamed(frame).failure();

    assertThat(failure).isNotNull();
    assertThat(failure.kind()).isEqualTo(FailureKind.RATE_LIMITED);
    assertThat(failure.message()).isEqualTo("slow");
  }

  @Test
  void eventStream_mutatedBytes_raisesOnlyProviderExceptions() {
    byte[] seed = Frames.ofSse("data: {\"type\":\"ping\"}\n\ndata: {\"type\":\"x\"}\n\n");
    Random random = new Random(11);
    int broken = 0;
    for (int round = 0; round < 5000; round++) {
      byte[] bytes = seed.clone();
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      ByteBuf chunk = Unpooled.wrappedBuffer(bytes);
      try {
        new EventStreamDecoder()
            .feed(chunk, message -> assertThat(message.type()).isEqualTo("chunk"));
      } catch (ProviderException e) {
        assertThat(e.failure().kind()).isEqualTo(FailureKind.MALFORMED);
        broken++;
      } finally {
        chunk.release();
      }
    }
    assertThat(broken).isGreaterThan(4000);
  }

  @Test
  void vertex_paths_nameProjectAndLocation() {
    Map<String, String> options = Map.of("project", "p");

    assertThat(messages(Dialect.VERTEX).region("eu").options(options).attempt().request().path())
        .isEqualTo(
            "/v1/projects/p/locations/eu/publishers/anthropic/models/claude-x%3A0:streamRawPredict");
    assertThat(
            Wire.call(Dialect.VERTEX, Endpoint.GENERATE, "{}")
                .model("gemini-x")
                .region("eu")
                .options(options)
                .attempt()
                .request()
                .path())
        .isEqualTo("/v1/projects/p/locations/eu/publishers/google/models/gemini-x:generateContent");
    assertThatThrownBy(() -> messages(Dialect.VERTEX).attempt()).hasMessageContaining("project");
  }

  @Test
  void azure_paths_classicAndV1() {
    Wire.Call call = Wire.call(Dialect.AZURE, Endpoint.CHAT, "{\"model\":\"a\"}").model("gpt-x");

    assertThat(call.attempt().request().path()).isEqualTo("/openai/v1/chat/completions");
    Attempt classic =
        call.options(Map.of("api_version", "2024-10-21", "deployments.gpt-x", "my dep")).attempt();
    assertThat(classic.request().path())
        .isEqualTo("/openai/deployments/my%20dep/chat/completions?api-version=2024-10-21");
    assertThat(classic.request().body()).asString().isEqualTo("{\"model\":\"my dep\"}");
  }

  @Test
  void gemini_request_capIsNestedAndBatchNamesTheModel() {
    assertThat(
            Wire.call(
                    Dialect.GEMINI,
                    Endpoint.GENERATE,
                    "{\"generationConfig\":{\"seed\":1},\"q\":2}")
                .maxTokens(5)
                .sent())
        .isEqualTo("{\"generationConfig\":{\"seed\":1,\"maxOutputTokens\":5},\"q\":2}");
    assertThat(
            Wire.call(
                    Dialect.GEMINI,
                    Endpoint.BATCH_EMBED_CONTENTS,
                    "{\"requests\":[{\"model\":\"models/a\",\"content\":{}},{\"model\":\"models/a\"}]}")
                .model("e")
                .sent())
        .isEqualTo(
            "{\"requests\":[{\"model\":\"models/e\",\"content\":{}},{\"model\":\"models/e\"}]}");
  }

  @Test
  void gemini_cap_joinsTheConfigurationInForce() {
    Wire.Call call =
        Wire.call(Dialect.GEMINI, Endpoint.GENERATE, "{\"generationConfig\":{\"seed\":1}}");
    assertThat(call.set("generationConfig", "{\"seed\":2}").maxTokens(5).sent())
        .isEqualTo("{\"generationConfig\":{\"seed\":2,\"maxOutputTokens\":5}}");
    assertThat(
            Wire.call(
                    Dialect.GEMINI,
                    Endpoint.GENERATE,
                    "{\"generation_config\":{\"max_output_tokens\":9,\"seed\":1}}")
                .maxTokens(5)
                .sent())
        .isEqualTo("{\"generationConfig\":{\"seed\":1,\"maxOutputTokens\":5}}");
    for (String none : new String[] {"{\"maxOutputTokens\":null}", "null"}) {
      assertThat(
              Wire.call(Dialect.GEMINI, Endpoint.GENERATE, "{\"generationConfig\":" + none + "}")
                  .defaults("max_tokens", "5")
                  .sent())
          .isEqualTo("{\"generationConfig\":{\"maxOutputTokens\":5}}");
    }
    Wire.Call snake =
        Wire.call(Dialect.GEMINI, Endpoint.GENERATE, "{\"generation_config\":{\"seed\":1}}");
    assertThat(snake.defaults("generationConfig", "{\"seed\":3}").sent())
        .isEqualTo("{\"generationConfig\":{\"seed\":1}}");
    assertThat(snake.set("generationConfig", "{\"seed\":2}").sent())
        .isEqualTo("{\"generationConfig\":{\"seed\":2}}");
  }

  @ParameterizedTest
  @CsvSource({
    "GEMINI, generationConfig, maxOutputTokens",
    "BEDROCK, inferenceConfig, maxTokens",
  })
  void translated_cap_joinsTheConfigurationOfTheRoute(Dialect to, String config, String cap) {
    String body = "{\"model\":\"a\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    String route = "{\"" + cap + "\":9000,\"topP\":0.5}";

    assertThat(Wire.call(to, Endpoint.CHAT, body).set(config, route).maxTokens(5).model("m").sent())
        .contains("\"" + config + "\":{\"" + cap + "\":5,\"topP\":0.5}");
    assertThat(Wire.call(to, Endpoint.CHAT, body).set("max_output_tokens", "7").model("m").sent())
        .contains("\"" + cap + "\":7")
        .doesNotContain("max_output_tokens");
  }

  @Test
  void gemini_arrayClient_getsOneJsonArray() {
    String first = "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}";
    String last = "{\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{}}";

    Wire.Outcome out =
        Wire.call(Dialect.GEMINI, Endpoint.GENERATE, "{}").stream(true)
            .streamed("data: " + first + "\n\ndata: " + last + "\n\n");

    assertThat(out.text())
        .isEqualTo(
            "[" + first + ",\r\n" + last.replace("{}}", "{\"penstock\":" + Wire.COST + "}}") + "]");
  }

  @Test
  void gemini_errorChunk_isClassified() {
    Failure failure =
        Wire.call(Dialect.GEMINI, Endpoint.GENERATE, "{}").stream(false)
            .streamed(
                "data:"
                    + " {\"error\":{\"code\":503,\"message\":\"busy\",\"status\":\"UNAVAILABLE\"}}\n\n")
            .failure();

    assertThat(failure).isNotNull();
    assertThat(failure.kind()).isEqualTo(FailureKind.OVERLOADED);
  }

  @Test
  void translated_paths_areTheProvidersOwn() {
    String ask =
        "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    Map<Dialect, String> paths =
        Map.of(
            Dialect.ANTHROPIC, "/v1/messages",
            Dialect.GEMINI, "/v1beta/models/m-x:generateContent",
            Dialect.BEDROCK, "/model/m-x/converse",
            Dialect.COHERE, "/v2/chat");

    paths.forEach((dialect, path) ->
        assertThat(Wire.call(dialect, Endpoint.CHAT, ask).model("m-x").attempt().request().path())
            .isEqualTo(path));
    Attempt claude =
        Wire.call(Dialect.VERTEX, Endpoint.CHAT, ask)
            .model("claude-x")
            .options(Map.of("project", "p"))
            .attempt();
    assertThat(claude.request().path())
        .endsWith("/publishers/anthropic/models/claude-x:rawPredict");
    assertThat(claude.request().body())
        .asString()
        .contains("vertex-2023-10-16")
        .doesNotContain("\"model\"");
    assertThat(Wire.call(Dialect.AZURE, Endpoint.MESSAGES, ask).attempt().request().path())
        .isEqualTo("/openai/v1/chat/completions");
  }

  @Test
  void bedrock_countsTheTokensOfClaudeAlone() {
    Provider bedrock = Providers.of(Dialect.BEDROCK);

    assertThat(bedrock.serves(Endpoint.COUNT_TOKENS, "us.anthropic.claude-sonnet-4-5-v1:0"))
        .isTrue();
    assertThat(bedrock.serves(Endpoint.COUNT_TOKENS, "amazon.nova-pro-v1:0")).isFalse();
    assertThat(bedrock.serves(Endpoint.MESSAGES, "amazon.nova-pro-v1:0")).isTrue();
  }
}
