package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.errors.NotFoundException;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.messages.MessageCreateParams;
import com.google.genai.Client;
import com.google.genai.ResponseStream;
import com.google.genai.errors.ClientException;
import com.google.genai.types.GenerateContentConfig;
import com.google.genai.types.GenerateContentResponse;
import com.google.genai.types.HttpOptions;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseStreamEvent;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each maker's own SDK against a provider of its dialect, and of another one. */
class SdkDialectsTest {
  private static final String CLAUDE = "claude-a";
  private static final String GPT = "gpt-o";
  private static final String GEMINI = "gemini-g";

  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(SdkDialectsTest::yaml, PROVIDER);

  private static AnthropicClient anthropic;
  private static OpenAIClient openai;
  private static Client google;

  private static String yaml(Path directory) {
    String providers =
        """
          a: { dialect: anthropic, base_url: "%1$s", keys: [ka], free: true }
          o: { dialect: openai, base_url: "%1$s/v1", keys: [ko], free: true }
          g: { dialect: gemini, base_url: "%1$s", keys: [kg], free: true }
        models:
          claude-a: a/claude-a
          gpt-o: o/gpt-o
          gemini-g: g/gemini-g
        """
            .formatted(PROVIDER.url());
    return RunningGateway.yaml(directory, PROVIDER, "")
        .replace("models:\n  gpt-4o", providers + "  gpt-4o");
  }

  @BeforeAll
  static void start() {
    anthropic =
        AnthropicOkHttpClient.builder()
            .baseUrl(gateway.url())
            .apiKey(RunningGateway.KEY)
            .maxRetries(0)
            .build();
    openai =
        OpenAIOkHttpClient.builder()
            .baseUrl(gateway.url() + "/v1")
            .apiKey(RunningGateway.KEY)
            .maxRetries(0)
            .build();
    google =
        Client.builder()
            .apiKey(RunningGateway.KEY)
            .httpOptions(HttpOptions.builder().baseUrl(gateway.url()).build())
            .build();
  }

  @AfterAll
  static void stop() {
    anthropic.close();
    openai.close();
    google.close();
  }

  private static boolean streams(Received request) {
    return request.text().contains("\"stream\":true");
  }

  /** What the providers answer: "Hello" in each dialect. */
  @BeforeEach
  void script() {
    PROVIDER
        .on("/v1/messages")
        .reply(request ->
            streams(request)
                ? Script.sse(
                    "event: message_start\n"
                        + "data:"
                        + " {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-a\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}",
                    "event: content_block_start\n"
                        + "data:"
                        + " {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
                    "event: ping\ndata: {\"type\":\"ping\"}",
                    "event: content_block_delta\n"
                        + "data:"
                        + " {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hel\"}}",
                    "event: content_block_delta\n"
                        + "data:"
                        + " {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"lo\"}}",
                    "event: content_block_stop\n"
                        + "data: {\"type\":\"content_block_stop\",\"index\":0}",
                    "event: message_delta\n"
                        + "data:"
                        + " {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":3}}",
                    "event: message_stop\ndata: {\"type\":\"message_stop\"}")
                : Script.json(
                    "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-a\",\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":9,\"output_tokens\":3}}"));
    PROVIDER.on("/v1/messages/count_tokens").reply(Script.json("{\"input_tokens\":9}"));
    PROVIDER
        .on("/v1/chat/completions")
        .reply(request ->
            streams(request)
                ? Script.sse(
                    chunk("{\"role\":\"assistant\",\"content\":\"\"}", "null"),
                    chunk("{\"content\":\"Hel\"}", "null"),
                    chunk("{\"content\":\"lo\"}", "null"),
                    chunk("{}", "\"stop\""),
                    "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-o\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3,\"total_tokens\":12}}",
                    "[DONE]")
                : Script.json(
                    "{\"id\":\"c\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-o\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3,\"total_tokens\":12}}"));
    PROVIDER
        .on("/v1/responses")
        .reply(request ->
            streams(request)
                ? Script.sse(
                    "event: response.created\n"
                        + "data: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":"
                        + response("in_progress", "[]", "null")
                        + "}",
                    "event: response.output_text.delta\n"
                        + "data:"
                        + " {\"type\":\"response.output_text.delta\",\"sequence_number\":1,\"item_id\":\"m\",\"output_index\":0,\"content_index\":0,\"delta\":\"Hello\",\"logprobs\":[]}",
                    "event: response.completed\n"
                        + "data:"
                        + " {\"type\":\"response.completed\",\"sequence_number\":2,\"response\":"
                        + response("completed", OUTPUT, USAGE)
                        + "}")
                : Script.json(response("completed", OUTPUT, USAGE)));
    PROVIDER
        .on("/v1beta/models/gemini-g:generateContent")
        .reply(Script.json(gemini("Hello", true)));
    PROVIDER
        .on("/v1beta/models/gemini-g:streamGenerateContent")
        .reply(Script.sse(gemini("Hel", false), gemini("lo", true)));
    PROVIDER.on("/v1beta/models/gemini-g:countTokens").reply(Script.json("{\"totalTokens\":9}"));
  }

  /** Anthropic wants a limit, and a model that costs nothing has none in the catalogue. */
  private static final GenerateContentConfig LIMITED =
      GenerateContentConfig.builder().maxOutputTokens(100).build();

  private static final String OUTPUT =
      "[{\"type\":\"message\",\"id\":\"m\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hello\",\"annotations\":[]}]}]";
  private static final String USAGE =
      "{\"input_tokens\":9,\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":3,\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":12}";

  private static String response(String status, String output, String usage) {
    return "{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1,\"status\":\""
        + status
        + "\",\"error\":null,\"incomplete_details\":null,\"instructions\":null,\"metadata\":{},\"model\":\"gpt-o\",\"parallel_tool_calls\":true,\"temperature\":1,\"tool_choice\":\"auto\",\"tools\":[],\"top_p\":1,\"output\":"
        + output
        + ",\"usage\":"
        + usage
        + "}";
  }

  private static String chunk(String delta, String finish) {
    return "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-o\",\"choices\":[{\"index\":0,\"delta\":"
        + delta
        + ",\"logprobs\":null,\"finish_reason\":"
        + finish
        + "}]}";
  }

  private static String gemini(String text, boolean last) {
    return "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\""
        + text
        + "\"}],\"role\":\"model\"},"
        + (last ? "\"finishReason\":\"STOP\"," : "")
        + "\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":3,\"totalTokenCount\":12},\"modelVersion\":\"gemini-g\",\"responseId\":\"r\"}";
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GPT, GEMINI})
  void anthropicJava_unaryAndStream(String model) {
    MessageCreateParams ask =
        MessageCreateParams.builder().model(model).maxTokens(100).addUserMessage("hello").build();

    Message answer = anthropic.messages().create(ask);
    assertThat(answer.content().getFirst().asText().text()).isEqualTo("Hello");
    assertThat(answer.usage().inputTokens()).isEqualTo(9);
    assertThat(answer.usage().outputTokens()).isEqualTo(3);
    assertThat(answer.stopReason()).isPresent();

    StringBuilder text = new StringBuilder();
    try (var stream = anthropic.messages().createStreaming(ask)) {
      stream.stream()
          .flatMap(event -> event.contentBlockDelta().stream())
          .flatMap(delta -> delta.delta().text().stream())
          .forEach(delta -> text.append(delta.text()));
    }
    assertThat(text).hasToString("Hello");
  }

  @Test
  void anthropicJava_countTokensModelsAndErrors() {
    assertThat(
            anthropic
                .messages()
                .countTokens(
                    MessageCountTokensParams.builder()
                        .model(CLAUDE)
                        .addUserMessage("hello")
                        .build())
                .inputTokens())
        .isEqualTo(9);
    assertThat(anthropic.models().list().data()).anyMatch(model -> model.id().equals(CLAUDE));
    assertThatThrownBy(() ->
            anthropic
                .messages()
                .create(
                    MessageCreateParams.builder()
                        .model("unheard-of")
                        .maxTokens(1)
                        .addUserMessage("hello")
                        .build()))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("unheard-of");
  }

  @Test
  void countTokens_providerThatCannot_isEstimatedAndSaysSo() {
    var ask = MessageCountTokensParams.builder().model(GPT).addUserMessage("hello there").build();
    try (var counted = anthropic.messages().withRawResponse().countTokens(ask)) {
      assertThat(counted.parse().inputTokens()).isBetween(2L, 20L);
      assertThat(counted.headers().values("x-penstock-estimated")).containsExactly("input_tokens");
    }
    assertThat(google.models.countTokens(GPT, "hello there", null).totalTokens().orElseThrow())
        .isBetween(2, 20);
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GPT, GEMINI})
  void googleGenai_unaryAndStream(String model) {
    GenerateContentResponse answer = google.models.generateContent(model, "hello", LIMITED);
    assertThat(answer.text()).isEqualTo("Hello");
    assertThat(answer.usageMetadata().orElseThrow().promptTokenCount()).contains(9);

    StringBuilder text = new StringBuilder();
    try (ResponseStream<GenerateContentResponse> stream =
        google.models.generateContentStream(model, "hello", LIMITED)) {
      for (GenerateContentResponse event : stream) {
        String part = event.text();
        text.append(part == null ? "" : part);
      }
    }
    assertThat(text).hasToString("Hello");
  }

  @Test
  void googleGenai_countTokensAndErrors() {
    assertThat(google.models.countTokens(GEMINI, "hello", null).totalTokens()).contains(9);
    assertThatThrownBy(() -> google.models.generateContent("unheard-of", "hello", null))
        .isInstanceOf(ClientException.class)
        .hasMessageContaining("unheard-of");
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GPT, GEMINI})
  void openAiJava_responsesUnaryAndStream(String model) {
    ResponseCreateParams ask =
        ResponseCreateParams.builder().model(model).input("hello").maxOutputTokens(100).build();

    Response answer = openai.responses().create(ask);
    assertThat(answer.output().getLast().asMessage().content().getFirst().asOutputText().text())
        .isEqualTo("Hello");
    assertThat(answer.usage().orElseThrow().inputTokens()).isEqualTo(9);

    List<ResponseStreamEvent> events;
    try (var stream = openai.responses().createStreaming(ask)) {
      events = stream.stream().toList();
    }
    StringBuilder text = new StringBuilder();
    events.forEach(event -> event.outputTextDelta().ifPresent(delta -> text.append(delta.delta())));
    assertThat(text).hasToString("Hello");
    assertThat(events.getFirst().created()).isPresent();
    assertThat(events.getLast().completed().orElseThrow().response().usage()).isPresent();
  }
}
