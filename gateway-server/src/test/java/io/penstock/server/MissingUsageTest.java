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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole answers whose usage lacks a side, odd counts, and tiers that no answer names. */
@ExtendWith(LeakCheck.class)
class MissingUsageTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String RESPONSES = "/v1/responses";
  private static final String MESSAGES = "/v1/messages";
  private static final String GENERATE = "/v1beta/models/flash:generateContent";
  private static final String STREAMED = "/v1beta/models/flash:streamGenerateContent?alt=sse";
  private static final String BETWEEN = "\0";
  private static final String WORDS = "word ".repeat(300).strip();

  private static final String START =
      "{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":"
          + "\"assistant\",\"model\":\"claude-sonnet-4-5\",\"content\":[],\"usage\":"
          + "{\"input_tokens\":100,\"output_tokens\":1}}}";
  private static final String BLOCK =
      "{\"type\":\"content_block_start\",\"index\":0,"
          + "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}";
  private static final String DELTA =
      "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\""
          + WORDS
          + "\"}}";
  private static final String ENDED = "{\"type\":\"content_block_stop\",\"index\":0}";
  private static final String STOPPED =
      "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}";
  private static final String STOP = "{\"type\":\"message_stop\"}";

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(MissingUsageTest::yaml, provider);

  private static String yaml(Path directory) {
    String more =
        """

          a: { dialect: anthropic, base_url: "%1$s", keys: [k], catalogue: anthropic }
          g: { dialect: gemini, base_url: "%1$s", keys: [k], catalogue: gemini }
        models:
          claude: a/claude-sonnet-4-5
          flash: g/gemini-2.5-flash
          mini: fake/gpt-5-mini
          fast: { targets: [{ model: fake/gpt-5-mini, set: { service_tier: priority } }] }
        """
            .formatted(provider.url());
    return RunningGateway.yaml(directory, provider, "").replace("\nmodels:\n", more);
  }

  private static String chat(String usage) {
    return "{\"id\":\"c\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\",\"choices\":[{"
        + "\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\""
        + WORDS
        + "\"},\"finish_reason\":\"stop\"}],\"usage\":{"
        + usage
        + "}}";
  }

  private static String chunk(String delta, String finish, String usage) {
    return "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-mini\","
        + "\"choices\":[{\"index\":0,\"delta\":{"
        + delta
        + "},\"finish_reason\":"
        + finish
        + "}]"
        + (usage.isEmpty() ? "" : ",\"usage\":{" + usage + "}")
        + "}";
  }

  private static String response(String usage) {
    return "{\"id\":\"r\",\"object\":\"response\",\"status\":\"completed\",\"model\":\"gpt-4o-mini\","
               + "\"output\":[{\"type\":\"message\",\"id\":\"m\",\"role\":\"assistant\",\"content\":["
               + "{\"type\":\"output_text\",\"text\":\""
        + WORDS
        + "\"}]}],\"usage\":{"
        + usage
        + "}}";
  }

  private static String gemini(String usage) {
    return "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\""
        + WORDS
        + "\"}]},\"finishReason\":\"STOP\",\"index\":0}],\"modelVersion\":\"gemini-2.5-flash\","
        + "\"usageMetadata\":{"
        + usage
        + "}}";
  }

  private static String message(String usage) {
    return "{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\","
               + "\"content\":[{\"type\":\"text\",\"text\":\""
        + WORDS
        + "\"}],\"stop_reason\":\"end_turn\",\"usage\":{"
        + usage
        + "}}";
  }

  private static String[] claude(String stopped) {
    String[] events = {START, BLOCK, DELTA, ENDED, stopped, STOP};
    for (int i = 0; i < events.length; i++) {
      String type = events[i].substring(9, events[i].indexOf('"', 9));
      events[i] = "event: " + type + "\ndata: " + events[i];
    }
    return events;
  }

  /** An answer of 300 words that tells 100 tokens of input and none of its output. */
  enum Untold {
    CHAT_INPUT(CHAT, "gpt-4o-mini", chat("\"prompt_tokens\":100")),
    CHAT_ZERO(CHAT, "gpt-4o-mini", chat("\"prompt_tokens\":100,\"completion_tokens\":0")),
    CHAT_STREAM(
        CHAT,
        "gpt-4o-mini",
        chunk("\"content\":\"" + WORDS + "\"", "null", ""),
        chunk("", "\"stop\"", "\"prompt_tokens\":100,\"completion_tokens\":0"),
        "[DONE]"),
    CHAT_FIRST_CHUNK(
        CHAT,
        "gpt-4o-mini",
        chunk("\"content\":\"\"", "null", "\"prompt_tokens\":100,\"completion_tokens\":1"),
        chunk("\"content\":\"" + WORDS + "\"", "null", ""),
        chunk("", "\"stop\"", ""),
        "[DONE]"),
    MESSAGES_OF_CHAT(MESSAGES, "gpt-4o-mini", chat("\"prompt_tokens\":100")),
    MESSAGES_OF_CHAT_STREAM(
        MESSAGES,
        "gpt-4o-mini",
        chunk("\"content\":\"\"", "null", "\"prompt_tokens\":100,\"completion_tokens\":1"),
        chunk("\"content\":\"" + WORDS + "\"", "null", ""),
        chunk("", "\"stop\"", ""),
        "[DONE]"),
    RESPONSE(RESPONSES, "gpt-4o-mini", response("\"input_tokens\":100")),
    RESPONSE_STREAM(
        RESPONSES,
        "gpt-4o-mini",
        "{\"type\":\"response.output_text.delta\",\"delta\":\"" + WORDS + "\"}",
        "{\"type\":\"response.completed\",\"response\":" + response("\"input_tokens\":100") + "}"),
    GEMINI(GENERATE, "flash", gemini("\"promptTokenCount\":100")),
    GEMINI_STREAM(STREAMED, "flash", gemini("\"promptTokenCount\":100"), ""),
    CHAT_OF_GEMINI(CHAT, "flash", gemini("\"promptTokenCount\":100")),
    CLAUDE(MESSAGES, "claude", message("\"input_tokens\":100")),
    CLAUDE_STREAM(MESSAGES, "claude", claude(STOPPED)),
    CLAUDE_ZERO(
        MESSAGES, "claude", claude(STOPPED.replace("}}", "},\"usage\":{\"output_tokens\":0}}"))),
    CHAT_OF_CLAUDE(CHAT, "claude", message("\"input_tokens\":100,\"output_tokens\":0")),
    CHAT_OF_CLAUDE_STREAM(CHAT, "claude", claude(STOPPED));

    private final String path;
    private final String model;
    private final String events;

    Untold(String path, String model, String... events) {
      this.path = path;
      this.model = model;
      this.events = String.join(BETWEEN, events);
    }
  }

  private static void answers(boolean stream, String events) {
    Script script = stream ? Script.sse(events.strip().split(BETWEEN)) : Script.json(events);
    for (String path : new String[] {CHAT, RESPONSES, MESSAGES, "/v1beta/models/*"}) {
      provider.on(path).reply(script);
    }
  }

  private static HttpResponse<String> ask(String path, String model, boolean stream, String more) {
    String head = "{\"model\":\"" + model + "\",\"stream\":" + stream + more;
    return switch (path) {
      case GENERATE, STREAMED ->
          gateway.post(
              path,
              "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}],"
                  + "\"generationConfig\":{\"maxOutputTokens\":5000}}");
      case RESPONSES -> gateway.post(path, head + ",\"max_output_tokens\":5000,\"input\":\"hi\"}");
      default ->
          gateway.post(
              path,
              head + ",\"max_tokens\":5000,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    };
  }

  private static JsonNode row(HttpResponse<String> told) {
    assertThat(told.statusCode()).as(told.body()).isEqualTo(200);
    Await.until("it is counted", () -> !gateway.rows(told).isEmpty());
    assertThat(gateway.rows(told)).hasSize(1);
    return gateway.rows(told).path(0);
  }

  @ParameterizedTest
  @EnumSource(Untold.class)
  void outputThatIsNotTold_isCounted(Untold answer) {
    boolean stream = answer.events.contains(BETWEEN);
    answers(stream, answer.events);

    JsonNode row = row(ask(answer.path, answer.model, stream, ""));

    assertThat(row.path("usage_source").asText()).as(row.toString()).isEqualTo("estimated");
    assertThat(row.path("usage").path("input").asLong()).as(row.toString()).isEqualTo(100);
    assertThat(row.path("usage").path("output").asLong()).as(row.toString()).isBetween(250L, 700L);
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void inputThatIsNotTold_isCounted_andTheOutputIsAsTold(boolean stream) {
    String usage = "\"completion_tokens\":77";
    answers(
        stream,
        stream
            ? chunk("\"content\":\"" + WORDS + "\"", "\"stop\"", usage) + BETWEEN + "[DONE]"
            : chat(usage));

    JsonNode row = row(ask(CHAT, "gpt-4o-mini", stream, ""));

    assertThat(row.path("usage_source").asText()).as(row.toString()).isEqualTo("estimated");
    assertThat(row.path("usage").path("input").asLong()).as(row.toString()).isPositive();
    assertThat(row.path("usage").path("output").asLong()).as(row.toString()).isEqualTo(77);
    assertThat(row.path("usage").path("reasoning").asLong()).as(row.toString()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          mini | ,"service_tier":"priority" |                          | 0.00081
          mini | ,"service_tier":"priority" | ,"service_tier":null       | 0.00081
          mini | ,"service_tier":"priority" | ,"service_tier":"auto"     | 0.00081
          mini | ,"service_tier":"priority" | ,"service_tier":"default"  | 0.00045
          mini | ,"service_tier":"priority" | ,"service_tier":"priority" | 0.00081
          mini | ,"service_tier":"flex"     |                          | 0.00045
          mini | ,"service_tier":"flex"     | ,"service_tier":"flex"     | 0.000225
          mini | ,"service_tier":"auto"     |                          | 0.00045
          mini |                          |                          | 0.00045
          fast |                          |                          | 0.00081
          """)
  void tierThatIsNotNamed_isTheDearestThatWasAskedFor(
      String model, String asked, String named, String cost) {
    String usage = "\"prompt_tokens\":1000,\"completion_tokens\":100";
    String tier = named == null ? "" : named;
    String answer = chat(usage).replace("gpt-4o-mini", "gpt-5-mini");
    answers(false, answer.replace(",\"choices\"", tier + ",\"choices\""));
    JsonNode whole = row(ask(CHAT, model, false, asked == null ? "" : asked));
    String event =
        chunk("\"content\":\"" + WORDS + "\"", "\"stop\"", usage)
            .replace("gpt-4o-mini", "gpt-5-mini");
    answers(true, event.replace(",\"choices\"", tier + ",\"choices\"") + BETWEEN + "[DONE]");
    JsonNode streamed = row(ask(CHAT, model, true, asked == null ? "" : asked));

    for (JsonNode row : new JsonNode[] {whole, streamed}) {
      assertThat(row.path("usage_source").asText()).as(row.toString()).isEqualTo("reported");
      assertThat(new BigDecimal(row.path("cost_usd").asText()))
          .as(row.toString())
          .isEqualByComparingTo(cost);
    }
  }

  /** An estimate is at most the hold, but what was told is no estimate. */
  @Test
  void outputThatIsToldBeyondTheHold_isPaid_thoughTheInputIsNotTold() {
    answers(false, chat("\"completion_tokens\":60000"));

    JsonNode row = row(ask(CHAT, "gpt-4o-mini", false, ""));

    assertThat(row.path("usage_source").asText()).as(row.toString()).isEqualTo("estimated");
    assertThat(new BigDecimal(row.path("cost_usd").asText()))
        .as(row.toString())
        .isEqualByComparingTo("0.036");
  }

  @ParameterizedTest
  @CsvSource({"900000000, 10", "10, 20000000"})
  void usageFarBeyondTheContext_isEstimated_atMostTheHold(long input, long output) {
    answers(false, chat("\"prompt_tokens\":" + input + ",\"completion_tokens\":" + output));

    JsonNode row = row(ask(CHAT, "gpt-4o-mini", false, ""));

    assertThat(row.path("usage_source").asText()).as(row.toString()).isEqualTo("estimated");
    assertThat(new BigDecimal(row.path("cost_usd").asText()))
        .as(row.toString())
        .isBetween(new BigDecimal("0.00001"), new BigDecimal("0.01"));
  }

  @ParameterizedTest
  @CsvSource({"100000, 10", "10, 6000"})
  void usageSomewhatBeyondWhatWasHeld_isReported(long input, long output) {
    answers(false, chat("\"prompt_tokens\":" + input + ",\"completion_tokens\":" + output));

    JsonNode row = row(ask(CHAT, "gpt-4o-mini", false, ""));

    assertThat(row.path("usage_source").asText()).as(row.toString()).isEqualTo("reported");
    assertThat(row.path("usage").path("input").asLong()).isEqualTo(input);
    assertThat(row.path("usage").path("output").asLong()).isEqualTo(output);
  }
}
