package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.Answer;
import io.penstock.providers.Attempt;
import io.penstock.providers.Closing;
import io.penstock.providers.StreamReader;
import io.penstock.providers.dialect.Providers;
import io.penstock.providers.translate.Rig.Client;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What an answer tells of a usage that nobody reported, and a stream that the gateway cuts short:
 * nothing that nobody knows.
 */
class CutUsageTest {
  private static final String OPENAI =
      "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":"
          + "{\"content\":\"Hello there, you\"}}]}\n\n";
  private static final String ANTHROPIC =
      """
      data: {"type":"message_start","message":{"id":"m","model":"c","usage":{"input_tokens":9,"output_tokens":1}}}

      data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

      data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello there, you"}}

      """;
  private static final String CHAT =
      "{\"stream\":true,\"stream_options\":{\"include_usage\":true},"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String MESSAGES =
      "{\"stream\":true,\"max_tokens\":9,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String GENERATE =
      "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]}";
  private static final String RESPONSES = "{\"stream\":true,\"input\":\"hi\"}";

  private static final String WHOLE =
      "{\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\","
          + "\"message\":{\"role\":\"assistant\",\"content\":\"Hello there, you\"}}]}";

  private static JsonNode whole(Endpoint client, Dialect from, String request, String answer) {
    Answer told = Rig.unary(Rig.attempt(client, from, request, Wish.PLAIN), answer);
    ObjectNode body = Trees.answer(told.body().toString(StandardCharsets.UTF_8));
    told.body().release();
    assertThat(told.summary().usageReported()).isFalse();
    return body.has("usage") ? body.get("usage") : body.path("usageMetadata");
  }

  /** The estimate of a Messages client's input is that of {@code message_start}. */
  @ParameterizedTest
  @ValueSource(strings = {"", ",\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0}"})
  void wholeAnswer_nothingReported_noZerosAreTold(String zeros) {
    String answer = WHOLE.substring(0, WHOLE.length() - 1) + zeros + "}";

    JsonNode messages = whole(Endpoint.MESSAGES, Dialect.OPENAI, MESSAGES, answer);

    assertThat(messages.path("input_tokens").asInt()).isPositive();
    assertThat(messages.path("output_tokens").asInt()).isEqualTo(4);
    assertThat(whole(Endpoint.RESPONSES, Dialect.OPENAI, RESPONSES, answer).isNull()).isTrue();
    assertThat(whole(Endpoint.GENERATE, Dialect.OPENAI, GENERATE, answer).isMissingNode()).isTrue();
  }

  @Test
  void wholeStream_nothingReported_noZerosAreTold() {
    String events =
        OPENAI.replace("you\"}", "you\"},\"finish_reason\":\"stop\"") + "data: [DONE]\n\n";

    assertThat(last(streamed(Endpoint.GENERATE, GENERATE, events)).isMissingNode()).isTrue();
    assertThat(last(streamed(Endpoint.RESPONSES, RESPONSES, events)).isNull()).isTrue();
    assertThat(last(streamed(Endpoint.MESSAGES, MESSAGES, events)))
        .isEqualTo(Trees.answer("{\"output_tokens\":4}"));
  }

  private static String streamed(Endpoint client, String request, String events) {
    Attempt attempt = attempt(client, Dialect.OPENAI, request);
    return Rig.stream(attempt, events.getBytes(StandardCharsets.UTF_8)).text();
  }

  private static JsonNode last(String events) {
    JsonNode usage = MissingNode.getInstance();
    for (String line : events.lines().toList()) {
      if (line.startsWith("data: {")) {
        JsonNode event = Trees.answer(line.substring(6));
        for (String place : new String[] {"/usage", "/usageMetadata", "/response/usage"}) {
          usage = event.at(place).isMissingNode() ? usage : event.at(place);
        }
      }
    }
    return usage;
  }

  /** Returns the usage that is told last, wherever the dialect has it; missing: none. */
  private static JsonNode told(Attempt attempt, String events) {
    Client client = new Client();
    try (StreamReader reader = attempt.streamReader(Rig.ALLOCATOR, client)) {
      reader.read(Unpooled.wrappedBuffer(events.getBytes(StandardCharsets.UTF_8)));
      ByteBuf last = reader.closing(new Closing.Shortened("length"), null);
      JsonNode usage = last(last.toString(StandardCharsets.UTF_8));
      last.release();
      return usage;
    }
  }

  private static Attempt attempt(Endpoint client, Dialect from, String request) {
    return Rig.attempt(client, from, request, Wish.STREAM);
  }

  @Test
  void nothingReported_noZerosAreTold() {
    assertThat(told(attempt(Endpoint.GENERATE, Dialect.OPENAI, GENERATE), OPENAI).isMissingNode())
        .isTrue();
    assertThat(told(attempt(Endpoint.RESPONSES, Dialect.OPENAI, RESPONSES), OPENAI).isNull())
        .isTrue();
    assertThat(told(attempt(Endpoint.MESSAGES, Dialect.OPENAI, MESSAGES), OPENAI))
        .isEqualTo(Trees.answer("{\"output_tokens\":4}"));
    String gemini = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hello\"}]}}]}\n\n";
    assertThat(told(attempt(Endpoint.CHAT, Dialect.GEMINI, CHAT), gemini).isMissingNode()).isTrue();
  }

  @Test
  void inputReported_outputIsWhatWasRelayed() {
    JsonNode chat = told(attempt(Endpoint.CHAT, Dialect.ANTHROPIC, CHAT), ANTHROPIC);
    JsonNode generate = told(attempt(Endpoint.GENERATE, Dialect.ANTHROPIC, GENERATE), ANTHROPIC);

    assertThat(chat.path("prompt_tokens").asInt()).isEqualTo(9);
    assertThat(chat.path("completion_tokens").asInt()).isEqualTo(4);
    assertThat(generate.path("candidatesTokenCount").asInt()).isEqualTo(4);
  }

  @Test
  void sameDialect_outputIsWhatWasRelayed() {
    Attempt spliced =
        Providers.of(Dialect.ANTHROPIC)
            .attempt(Rig.call(Endpoint.MESSAGES, Dialect.ANTHROPIC, MESSAGES, Wish.STREAM));

    assertThat(told(spliced, ANTHROPIC).path("output_tokens").asInt()).isEqualTo(4);
  }

  private static final String COUNTING =
      "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":"
          + "{\"content\":\"Hello there, you\"}}],\"usage\":"
          + "{\"prompt_tokens\":9,\"completion_tokens\":1,\"total_tokens\":10}}\n\n";

  private static JsonNode toldOfChat(String request, String events) {
    Attempt spliced =
        Providers.of(Dialect.OPENAI)
            .attempt(Rig.call(Endpoint.CHAT, Dialect.OPENAI, request, Wish.STREAM));
    return told(spliced, events);
  }

  @Test
  void chat_sameDialect_askedForUsage_getsWhatIsKnown() {
    JsonNode usage = toldOfChat(CHAT, COUNTING);

    assertThat(usage.path("prompt_tokens").asInt()).isEqualTo(9);
    assertThat(usage.path("completion_tokens").asInt()).isEqualTo(4);
    assertThat(usage.path("total_tokens").asInt()).isEqualTo(13);
  }

  @Test
  void chat_sameDialect_notAskedOrNotKnown_tellsNone() {
    String unasked = CHAT.replace("true},", "false},");

    assertThat(toldOfChat(unasked, COUNTING).isMissingNode()).isTrue();
    assertThat(toldOfChat(CHAT, OPENAI).isMissingNode()).isTrue();
  }
}
