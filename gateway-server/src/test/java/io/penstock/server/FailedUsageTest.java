package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A failure that tells what it used is booked with it, whole or streamed, before content or behind
 * it: what the failure itself tells as reported, what was told before it as the least that it can
 * have been. One that tells nothing in place of an answer is a refusal, and free.
 */
@ExtendWith(LeakCheck.class)
class FailedUsageTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String CHAT = "/v1/chat/completions";
  private static final String RESPONSES = "/v1/responses";
  private static final String MESSAGES = "/v1/messages";
  private static final String GENERATE = "/v1beta/models/%s:generateContent";
  private static final String STREAMED = "/v1beta/models/%s:streamGenerateContent?alt=sse";

  private static final String BETWEEN = "\0";

  private static final String ERROR = "{\"code\":\"server_error\",\"message\":\"It broke.\"}";
  private static final String OF_CHAT =
      "\"usage\":{\"prompt_tokens\":50000,\"completion_tokens\":5000,\"total_tokens\":55000}";
  private static final String WORD =
      "{\"model\":\"gpt-5.2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word\"}}]}";
  private static final String CHUNK =
      "{\"model\":\"gpt-5.2\",\"error\":" + ERROR + ",\"choices\":[]," + OF_CHAT + "}";
  private static final String TOLD =
      "{\"model\":\"gpt-5.2\",\"choices\":[],"
          + "\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":3000}}";
  private static final String NO_USAGE =
      ",\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0}}";
  private static final String WHOLE =
      "{\"status\":\"failed\",\"model\":\"gpt-5.2\",\"output\":[],\"error\":"
          + ERROR
          + ",\"usage\":{\"input_tokens\":50000,\"output_tokens\":5000,"
          + "\"output_tokens_details\":{\"reasoning_tokens\":5000},\"total_tokens\":55000}}";
  private static final String CREATED =
      "{\"type\":\"response.created\",\"response\":{\"status\":\"in_progress\","
          + "\"model\":\"gpt-5.2\",\"usage\":null}}";
  private static final String DELTA =
      "{\"type\":\"response.output_text.delta\",\"delta\":\"abc def\"}";
  private static final String FAILED = "{\"type\":\"response.failed\",\"response\":" + WHOLE + "}";

  private static final String OF_GEMINI =
      "\"usageMetadata\":{\"promptTokenCount\":2,\"thoughtsTokenCount\":3000}";
  private static final String OF_INPUT = "\"usageMetadata\":{\"promptTokenCount\":2}";
  private static final String OF_GOOGLE =
      "\"error\":{\"code\":500,\"message\":\"x\",\"status\":\"INTERNAL\"}";
  private static final String START =
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\","
          + "\"model\":\"claude-sonnet-4-5\",\"content\":[],"
          + "\"usage\":{\"input_tokens\":2,\"output_tokens\":1}}}";
  private static final String OVERLOADED =
      "event: error\ndata: {\"type\":\"error\",\"error\":"
          + "{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}";
  private static final String END =
      "{\"type\":\"message-end\",\"delta\":{\"error\":\"It broke.\",\"finish_reason\":\"ERROR\","
          + "\"usage\":{\"billed_units\":{\"input_tokens\":50000,\"output_tokens\":5000}}}}";

  private static final String COMMAND_FAILED =
      "{\"message\":{\"role\":\"assistant\",\"content\":[]},\"finish_reason\":\"ERROR\","
          + "\"error\":\"It broke.\","
          + "\"usage\":{\"billed_units\":{\"input_tokens\":50000,\"output_tokens\":5000}}}";

  private static final String GPT = "0.1575";
  private static final String LITTLE = "0.0420035";
  private static final String FLASH = "0.0075006";
  private static final String INPUT = "0.0000006";
  private static final String SONNET = "0.000021";
  private static final String COMMAND = "0.175";

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(FailedUsageTest::yaml, provider);

  /** A failure; what its row says and costs. */
  enum End {
    RESPONSE(RESPONSES, "gpt", "reported", GPT, false, WHOLE),
    RESPONSE_STREAMED(RESPONSES, "gpt", "reported", GPT, true, CREATED, FAILED),
    RESPONSE_BEGUN(RESPONSES, "gpt", "reported", GPT, true, CREATED, DELTA, FAILED),
    CHAT_WHOLE(CHAT, "gpt", "reported", GPT, false, CHUNK),
    CHAT_STREAMED(CHAT, "gpt", "reported", GPT, true, CHUNK),
    CHAT_BEGUN(CHAT, "gpt", "reported", GPT, true, WORD, CHUNK),
    CHAT_REFUSED(CHAT, "gpt", "none", "0", true, "{\"error\":" + ERROR + "}"),
    CHAT_EMPTY(CHAT, "gpt", "estimated", LITTLE, true, TOLD, "{\"error\":" + ERROR + NO_USAGE),
    OTHER_CHAT_EMPTY(
        MESSAGES, "gpt", "estimated", LITTLE, true, TOLD, "{\"error\":" + ERROR + NO_USAGE),
    OTHER_CHAT(MESSAGES, "gpt", "reported", GPT, false, CHUNK),
    OTHER_CHAT_STREAMED(MESSAGES, "gpt", "reported", GPT, true, CHUNK),
    OTHER_CHAT_BEGUN(MESSAGES, "gpt", "reported", GPT, true, WORD, CHUNK),
    GEMINI(GENERATE, "flash", "reported", FLASH, false, "{" + OF_GOOGLE + "," + OF_GEMINI + "}"),
    GEMINI_STREAMED(
        STREAMED, "flash", "reported", FLASH, true, "{" + OF_GOOGLE + "," + OF_GEMINI + "}"),
    GEMINI_BEFORE(
        STREAMED, "flash", "estimated", FLASH, true, "{" + OF_GEMINI + "}", "{" + OF_GOOGLE + "}"),
    GEMINI_INPUT(
        STREAMED, "flash", "estimated", INPUT, true, "{" + OF_INPUT + "}", "{" + OF_GOOGLE + "}"),
    GEMINI_EMPTY(
        STREAMED,
        "flash",
        "estimated",
        FLASH,
        true,
        "{" + OF_GEMINI + "}",
        "{" + OF_GOOGLE + ",\"usageMetadata\":{}}"),
    OTHER_GEMINI_INPUT(
        CHAT, "flash", "estimated", INPUT, true, "{" + OF_INPUT + "}", "{" + OF_GOOGLE + "}"),
    OTHER_GEMINI_EMPTY(
        CHAT,
        "flash",
        "estimated",
        FLASH,
        true,
        "{" + OF_GEMINI + "}",
        "{" + OF_GOOGLE + ",\"usageMetadata\":{\"promptTokenCount\":0}}"),
    OTHER_GEMINI(CHAT, "flash", "reported", FLASH, false, "{" + OF_GOOGLE + "," + OF_GEMINI + "}"),
    OTHER_GEMINI_STREAMED(
        CHAT, "flash", "reported", FLASH, true, "{" + OF_GOOGLE + "," + OF_GEMINI + "}"),
    OTHER_GEMINI_BEFORE(
        CHAT, "flash", "estimated", FLASH, true, "{" + OF_GEMINI + "}", "{" + OF_GOOGLE + "}"),
    CLAUDE(MESSAGES, "claude", "estimated", SONNET, true, START, OVERLOADED),
    CLAUDE_REFUSED(MESSAGES, "claude", "none", "0", true, OVERLOADED),
    OTHER_CLAUDE(CHAT, "claude", "estimated", SONNET, true, START, OVERLOADED),
    OTHER_CLAUDE_REFUSED(CHAT, "claude", "none", "0", true, OVERLOADED),
    COHERE(CHAT, "command", "reported", COMMAND, false, COMMAND_FAILED),
    COHERE_STREAMED(CHAT, "command", "reported", COMMAND, true, END);

    private final String path;
    private final String model;
    private final String source;
    private final String cost;
    private final boolean stream;
    private final String events;

    End(String path, String model, String source, String cost, boolean stream, String... events) {
      this.path = path;
      this.model = model;
      this.source = source;
      this.cost = cost;
      this.stream = stream;
      this.events = String.join(BETWEEN, events);
    }

    Script script() {
      return stream ? Script.sse(events.split(BETWEEN)) : Script.json(events);
    }

    HttpResponse<String> asked(String of) {
      String head = "{\"model\":\"" + of + "\",\"stream\":" + stream;
      return switch (path) {
        case GENERATE, STREAMED ->
            gateway.post(
                path.formatted(of),
                "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}],"
                    + "\"generationConfig\":{\"maxOutputTokens\":5000}}");
        case RESPONSES -> gateway.post(path, head + ",\"input\":\"hi\"}");
        default ->
            gateway.post(
                path,
                head
                    + ",\"max_tokens\":5000,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
      };
    }
  }

  private static String yaml(Path directory) {
    String more =
        """

            breaker: { failures: 1000000 }
          a: { dialect: anthropic, base_url: "%1$s", keys: [k], catalogue: anthropic, %2$s }
          g: { dialect: gemini, base_url: "%1$s", keys: [k], catalogue: gemini, %2$s }
          c: { dialect: cohere, base_url: "%1$s", keys: [k], catalogue: cohere, %2$s }
        models:
          gpt: fake/gpt-5.2
          backed: { targets: [fake/gpt-5.2, fake/gpt-4o-mini] }
          claude: a/claude-sonnet-4-5
          flash: g/gemini-2.5-flash
          command: c/command-a-03-2025
        """
            .formatted(provider.url(), "retries: { attempts: 0 }, breaker: { failures: 1000000 }");
    return RunningGateway.yaml(
            directory, provider, "budgets: [{ name: all, limit: 1000 USD, every: total }]")
        .replace("\nmodels:\n", more);
  }

  private static void answers(Script script) {
    for (String path : new String[] {CHAT, RESPONSES, MESSAGES, "/v2/chat", "/v1beta/models/*"}) {
      provider.on(path).reply(script);
    }
  }

  private static BigDecimal spent() {
    gateway.awaitCounted();
    try {
      JsonNode budget = MAPPER.readTree(gateway.admin("/admin/v1/budgets")).path("budgets").path(0);
      // None is listed before the first call.
      return new BigDecimal(budget.path("spent").asText("0 USD").replace(" USD", ""));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @EnumSource(End.class)
  void failure_isBookedWithWhatItTells_once(End end) {
    answers(end.script());
    BigDecimal before = spent();

    HttpResponse<String> told = end.asked(end.model);

    Await.until("it is counted", () -> !gateway.rows(told).isEmpty());
    JsonNode row = gateway.rows(told).path(0);
    String what = row + "\n" + told.statusCode() + " " + told.headers().map() + told.body();
    assertThat(gateway.rows(told)).hasSize(1);
    assertThat(row.path("usage_source").asText()).as(what).isEqualTo(end.source);
    assertThat(new BigDecimal(row.path("cost_usd").asText()))
        .as(what)
        .isEqualByComparingTo(end.cost);
    assertThat(spent().subtract(before)).isEqualByComparingTo(end.cost);
  }

  @ParameterizedTest
  @EnumSource(
      value = End.class,
      names = {"RESPONSE", "RESPONSE_STREAMED"})
  void failure_anotherTargetAnswers_isWaste(End end) {
    answers(end.script());
    provider
        .on(RESPONSES)
        .reply(
            Script.json(
                WHOLE
                    .replace("failed", "completed")
                    .replace(ERROR, "null")
                    .replace("gpt-5.2", "gpt-4o-mini")));
    provider.on(RESPONSES).first(1).reply(end.script());
    BigDecimal before = spent();

    HttpResponse<String> told = end.asked("backed");

    assertThat(told.statusCode()).as(told.body()).isEqualTo(200);
    Await.until("both are booked", () -> gateway.rows(told).size() == 2);
    JsonNode wasted = gateway.rows(told).path(0);
    assertThat(wasted.path("waste").asText()).as(wasted.toString()).isEqualTo("fallback");
    assertThat(new BigDecimal(wasted.path("cost_usd").asText())).isEqualByComparingTo(GPT);
    // 50,000 and 5,000 tokens of gpt-4o-mini.
    String both = new BigDecimal(GPT).add(new BigDecimal("0.0105")).toPlainString();
    assertThat(spent().subtract(before)).isEqualByComparingTo(both);
    assertThat(told.headers().firstValue("x-penstock-cost-usd").orElse("") + told.body())
        .as(wasted.toString())
        .contains(both.substring(0, 5));
  }
}
