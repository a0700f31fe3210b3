package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.core.price.Usage;
import io.penstock.providers.Answer;
import io.penstock.providers.ProviderException;
import io.penstock.providers.translate.Rig.Client;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole answers that no client can be told: what they cost is known all the same. */
class UntoldAnswersTest {
  private static final String ASK =
      "{\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String GEMINI =
      "{\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[%s]},"
          + "\"finishReason\":\"%s\"}],\"modelVersion\":\"gemini-2.5-flash\",\"usageMetadata\":"
          + "{\"promptTokenCount\":1000,\"candidatesTokenCount\":100}}";
  private static final String OPENAI =
      "{\"id\":\"c\",\"model\":\"gpt-4o-mini\",\"choices\":%s,\"usage\":"
          + "{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";
  private static final String IMAGE =
      "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AAAA\"}}";
  private static final String CLAUDE =
      "{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-haiku-4-5\","
          + "\"content\":[{\"type\":\"text\",\"text\":\"Let me\"}],\"stop_reason\":\"pause_turn\","
          + "\"usage\":{\"input_tokens\":1000,\"output_tokens\":100}}";
  private static final String NOVA =
      "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[]}},"
          + "\"stopReason\":\"malformed_tool_use\","
          + "\"usage\":{\"inputTokens\":1000,\"outputTokens\":100,\"totalTokens\":1100}}";
  private static final String COHERE =
      "{\"id\":\"c\",\"message\":{\"role\":\"assistant\",\"content\":[]},\"finish_reason\":"
          + "\"NEW\",\"usage\":{\"billed_units\":{\"input_tokens\":1000,\"output_tokens\":100}}}";

  private static void assertUntold(Endpoint endpoint, Dialect from, String answer) {
    ProviderException told =
        catchThrowableOfType(
            ProviderException.class,
            () -> Rig.unary(Rig.attempt(endpoint, from, ASK, Wish.PLAIN), answer));

    assertThat(told.failure().kind()).isEqualTo(FailureKind.UNTRANSLATABLE);
    assertThat(told.summary().usageReported()).isTrue();
    assertUsage(told.summary().usage());
  }

  private static void assertUsage(Usage usage) {
    assertThat(usage.inputTokens()).isEqualTo(1000);
    assertThat(usage.outputTokens()).isEqualTo(100);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "MALFORMED_FUNCTION_CALL",
        "OTHER",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "NO_IMAGE",
        "BRAND_NEW"
      })
  void gemini_stopWithoutContent_tellsItsUsage(String reason) {
    assertUntold(Endpoint.CHAT, Dialect.GEMINI, GEMINI.formatted("", reason));
  }

  @Test
  void others_stopsThatNobodyCanBeTold_tellTheirUsage() {
    assertUntold(Endpoint.CHAT, Dialect.ANTHROPIC, CLAUDE);
    assertUntold(Endpoint.CHAT, Dialect.BEDROCK, NOVA);
    assertUntold(Endpoint.CHAT, Dialect.COHERE, COHERE);
    assertUntold(Endpoint.MESSAGES, Dialect.OPENAI, OPENAI.formatted("[]"));
    assertUntold(
        Endpoint.MESSAGES,
        Dialect.OPENAI,
        OPENAI.formatted("[{\"index\":0,\"message\":{\"content\":\"\"},\"finish_reason\":null}]"));
  }

  @Test
  void messagesClient_imageOfTheModel_tellsItsUsage() {
    assertUntold(Endpoint.MESSAGES, Dialect.GEMINI, GEMINI.formatted(IMAGE, "STOP"));
  }

  @Test
  void garbageWithoutUsage_isMalformed() {
    ProviderException told =
        catchThrowableOfType(
            ProviderException.class,
            () ->
                Rig.unary(
                    Rig.attempt(Endpoint.MESSAGES, Dialect.OPENAI, ASK, Wish.PLAIN),
                    "{\"choices\":[]}"));

    assertThat(told.failure().kind()).isEqualTo(FailureKind.MALFORMED);
    assertThat(told.summary().usageReported()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"OTHER", "NO_IMAGE", "BRAND_NEW"})
  void gemini_unknownStopBehindText_isAStop(String reason) {
    Answer answer =
        Rig.unary(
            Rig.attempt(Endpoint.CHAT, Dialect.GEMINI, ASK, Wish.PLAIN),
            GEMINI.formatted("{\"text\":\"Hello\"}", reason));

    assertThat(answer.body().toString(StandardCharsets.UTF_8))
        .contains("Hello", "\"finish_reason\":\"stop\"");
    answer.body().release();
  }

  @Test
  void gemini_thoughtsAlone_areNoQuietStop() {
    assertUntold(
        Endpoint.CHAT,
        Dialect.GEMINI,
        GEMINI.formatted("{\"text\":\"Hm\",\"thought\":true}", "BRAND_NEW"));
    assertUntold(
        Endpoint.CHAT,
        Dialect.GEMINI,
        GEMINI.formatted("{\"text\":\"Hm\",\"thought\":true}", "MALFORMED_FUNCTION_CALL"));
  }

  @Test
  void openAi_noFinishReasonBehindContent_isWhatTheContentShows() {
    Answer text =
        Rig.unary(
            Rig.attempt(Endpoint.MESSAGES, Dialect.OPENAI, ASK, Wish.PLAIN),
            OPENAI.formatted(
                "[{\"index\":0,\"message\":{\"content\":\"Hello\"},\"finish_reason\":null}]"));
    Answer call =
        Rig.unary(
            Rig.attempt(Endpoint.MESSAGES, Dialect.OPENAI, ASK, Wish.PLAIN),
            OPENAI.formatted(
                "[{\"message\":{\"tool_calls\":[{\"id\":\"t\",\"function\":"
                    + "{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]"));

    assertThat(text.body().toString(StandardCharsets.UTF_8)).contains("Hello", "end_turn");
    assertThat(call.body().toString(StandardCharsets.UTF_8)).contains("\"tool_use\"");
    text.body().release();
    call.body().release();
  }

  private static void assertUntoldStream(Dialect from, String events) {
    Client client =
        Rig.stream(
            Rig.attempt(Endpoint.CHAT, from, ASK, Wish.STREAM),
            events.getBytes(StandardCharsets.UTF_8));

    assertThat(client.settled).isNull();
    assertThat(Objects.requireNonNull(client.failed).kind()).isEqualTo(FailureKind.UNTRANSLATABLE);
    assertThat(client.known.usageReported()).isTrue();
    assertUsage(client.known.usage());
  }

  @Test
  void streams_stopThatNobodyCanBeTold_tellTheirLastUsage() {
    assertUntoldStream(
        Dialect.GEMINI,
        "data: "
            + GEMINI.formatted("{\"text\":\"I\",\"thought\":true}", "MALFORMED_FUNCTION_CALL")
            + "\n\n");
    assertUntoldStream(
        Dialect.ANTHROPIC,
        """
        data: {"type":"message_start","message":{"id":"m","model":"c","usage":{"input_tokens":1000,"output_tokens":1}}}

        data: {"type":"message_delta","delta":{"stop_reason":"pause_turn"},"usage":{"output_tokens":100}}

        """);
    // Its usage comes behind the stop.
    assertUntoldStream(
        Dialect.BEDROCK,
        """
        messageStop\t{"stopReason":"malformed_tool_use"}
        metadata\t{"usage":{"inputTokens":1000,"outputTokens":100}}
        """);
  }

  private static void assertCutShort(Dialect from, String events) {
    Client client =
        Rig.stream(
            Rig.attempt(Endpoint.CHAT, from, ASK, Wish.STREAM),
            events.getBytes(StandardCharsets.UTF_8));

    assertThat(client.failed).isNull();
    assertThat(client.text())
        .contains("\"content\":\"I call\"", "\"finish_reason\":\"length\"")
        .endsWith("data: [DONE]\n\n");
    assertThat(Objects.requireNonNull(client.settled).finish()).isEqualTo("length");
    assertThat(client.known.usageReported()).isTrue();
    assertUsage(client.known.usage());
  }

  @Test
  void streams_malformedCallBehindText_areCutShortAndBooked() {
    assertCutShort(
        Dialect.GEMINI,
        "data: " + GEMINI.formatted("{\"text\":\"I call\"}", "MALFORMED_FUNCTION_CALL") + "\n\n");
    assertCutShort(
        Dialect.BEDROCK,
        """
        contentBlockDelta\t{"delta":{"text":"I call"}}
        messageStop\t{"stopReason":"malformed_tool_use"}
        metadata\t{"usage":{"inputTokens":1000,"outputTokens":100}}
        """);
  }

  @Test
  void stream_brokenOffInTheMiddle_isNotReported() {
    String chunk = GEMINI.formatted("{\"text\":\"I\"}", "FINISH_REASON_UNSPECIFIED");
    Client client =
        Rig.stream(
            Rig.attempt(Endpoint.CHAT, Dialect.GEMINI, ASK, Wish.STREAM),
            ("data: " + chunk + "\n\n").getBytes(StandardCharsets.UTF_8));

    assertThat(Objects.requireNonNull(client.failed).kind()).isEqualTo(FailureKind.CUT);
    assertThat(client.known.usageReported()).isFalse();
  }

  @Test
  void stream_choiceThatNeverBegins_isCut_unlessTheProviderSaysItIsDone() {
    String asked =
        "{\"generationConfig\":{\"candidateCount\":2},\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}]}";
    String first =
        "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
            + "\"finish_reason\":\"stop\"}]}\n\n";
    Client cut =
        Rig.stream(
            Rig.attempt(Endpoint.GENERATE, Dialect.OPENAI, asked, Wish.STREAM),
            first.getBytes(StandardCharsets.UTF_8));
    Client done =
        Rig.stream(
            Rig.attempt(Endpoint.GENERATE, Dialect.OPENAI, asked, Wish.STREAM),
            (first + "data: [DONE]\n\n").getBytes(StandardCharsets.UTF_8));

    assertThat(Objects.requireNonNull(cut.failed).kind()).isEqualTo(FailureKind.CUT);
    assertThat(done.failed).isNull();
  }
}
