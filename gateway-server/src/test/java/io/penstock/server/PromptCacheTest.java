package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.FakeTicker;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code prompt_cache: auto}: who is marked for the provider's cache, and what it brought. */
@ExtendWith(LeakCheck.class)
class PromptCacheTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MESSAGES = "/v1/messages";
  private static final String MARK = "\"cache_control\":{\"type\":\"ephemeral\"}";

  /** Above claude-sonnet-4-5's least of 1,024 tokens at four bytes each. */
  private static final String LONG = "These rules hold in every conversation. ".repeat(120);

  private static final String MODELS =
      """
      models:
        marked: { targets: [anthropic/claude-sonnet-4-5], prompt_cache: auto }
        unmarked: anthropic/claude-sonnet-4-5
        mini: { targets: [fake/gpt-4o-mini], prompt_cache: auto }
        late: { targets: [fake/gpt-4o-mini, anthropic/claude-sonnet-4-5], prompt_cache: auto }
      """;

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(PromptCacheTest::yaml, provider);

  private static String yaml(Path directory, String more) {
    String claude =
        "providers:\n  anthropic: { dialect: anthropic, base_url: \"%s\", keys: [k], retries: { attempts: 0 } }\n"
            .formatted(provider.url());
    return RunningGateway.patient(RunningGateway.yaml(directory, provider, more))
        .replace("providers:\n", claude)
        .replace("\nmodels:\n", "\n" + MODELS);
  }

  private static String yaml(Path directory) {
    return yaml(directory, "");
  }

  @BeforeEach
  void reset() {
    provider
        .on(MESSAGES)
        .reply(
            Script.json(
                """
                {"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":\
                [{"type":"text","text":"ok"}],"stop_reason":"end_turn","stop_sequence":null,"usage":\
                {"input_tokens":10,"cache_creation_input_tokens":1000,"cache_read_input_tokens":2000,"output_tokens":2}}\
                """));
  }

  private static String body(String model, String system, String more, String... messages) {
    StringBuilder list = new StringBuilder();
    for (int i = 0; i < messages.length; i++) {
      String role = i % 2 == 0 ? "user" : "assistant";
      list.append(list.isEmpty() ? "" : ",")
          .append("{\"role\":\"%s\",\"content\":\"%s\"}".formatted(role, messages[i]));
    }
    return "{\"model\":\"%s\",\"max_tokens\":20,\"system\":\"%s\",%s\"messages\":[%s]}"
        .formatted(model, system, more, list);
  }

  private static final String TOOLS =
      "\"tools\":[{\"name\":\"look\",\"input_schema\":{\"type\":\"object\"}}],";

  /** Sends it and returns what the provider received. */
  private static String sent(String path, String body) {
    int before = provider.requests().size();
    HttpResponse<String> response = gateway.post(path, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return provider.awaitRequest(before + 1).text();
  }

  private static int marks(String sent) {
    return sent.split("cache_control", -1).length - 1;
  }

  @Test
  void agent_isMarkedFromTheFirstTurn_withoutAnotherByteChanged() {
    String body = body("marked", "agent " + LONG, TOOLS, "begin");
    String sent = sent(MESSAGES, body);
    assertThat(marks(sent)).isEqualTo(2);
    assertThat(
            sent.replace("," + MARK + "}]", "")
                .replace("[{\"type\":\"text\",\"text\":", "")
                .replace("\"claude-sonnet-4-5\"", "\"marked\""))
        .isEqualTo(body);
    assertThat(sent(MESSAGES, body)).as("deterministic").isEqualTo(sent);
    String forced =
        body("marked", "forced " + LONG, TOOLS + "\"tool_choice\":{\"type\":\"any\"},", "begin");
    assertThat(marks(sent(MESSAGES, forced))).as("asks for arguments once").isZero();
  }

  @Test
  void sharedSystemPrompt_isMarkedOnceItHasComeAgain() {
    String system = "shared " + LONG;
    assertThat(marks(sent(MESSAGES, body("marked", system, "", "one")))).isZero();
    String again = sent(MESSAGES, body("marked", system, "", "two"));
    assertThat(marks(again)).isEqualTo(1);
    assertThat(again).contains(MARK + "}],\"messages\":[{\"role\":\"user\",\"content\":\"two\"}]");
  }

  @Test
  void conversation_isMarkedOnceItGoesOn() {
    String system = "talk " + LONG;
    assertThat(marks(sent(MESSAGES, body("marked", system, "", "hello")))).isZero();
    String next = sent(MESSAGES, body("marked", system, "", "hello", "ok", "and now?"));
    assertThat(marks(next)).isEqualTo(2);
    assertThat(next).contains("\"and now?\"," + MARK);
    // Examples of turns that never took place are no conversation.
    String examples = body("marked", "few " + LONG, "", "example", "answer", "real one");
    assertThat(marks(sent(MESSAGES, examples))).isZero();
  }

  @Test
  void ownMarks_shortPrompts_otherRoutesAndTargets_areLeftAlone() {
    String own =
        body(
            "marked", "own " + LONG, TOOLS.replace("{\"type\":\"object\"}", "{}," + MARK), "begin");
    assertThat(sent(MESSAGES, own)).isEqualTo(own.replace("\"marked\"", "\"claude-sonnet-4-5\""));
    assertThat(marks(sent(MESSAGES, body("marked", "short", TOOLS, "begin")))).isZero();
    String spoken = body("marked", LONG + " what is \\\"cache_control\\\"?", TOOLS, "begin");
    assertThat(sent(MESSAGES, spoken)).as("a text that speaks of it is no mark").contains(MARK);
    assertThat(marks(sent(MESSAGES, body("unmarked", "plain " + LONG, TOOLS, "begin")))).isZero();
    String chat =
        "{\"model\":\"mini\",\"messages\":[{\"role\":\"system\",\"content\":\"%s\"},{\"role\":\"user\",\"content\":\"x\"}]}"
            .formatted(LONG);
    for (int i = 0; i < 2; i++) {
      assertThat(sent("/v1/chat/completions", chat))
          .isEqualTo(chat.replace("\"mini\"", "\"gpt-4o-mini\""));
    }
  }

  @Test
  void otherDialect_isMarkedByTheTranslation() throws IOException {
    String chat =
        "{\"model\":\"marked\",\"max_tokens\":20,\"messages\":[{\"role\":\"system\",\"content\":\"chat"
            + " %s\"},{\"role\":\"user\",\"content\":\"%s\"}]}";
    sent("/v1/chat/completions", chat.formatted(LONG, "one"));
    JsonNode sent = JSON.readTree(sent("/v1/chat/completions", chat.formatted(LONG, "two")));
    assertThat(sent.at("/system/0/cache_control/type").asText()).isEqualTo("ephemeral");
    assertThat(sent.at("/messages/0/content").asText()).isEqualTo("two");
  }

  @Test
  void whatMarksSaveAndCost_isBookedApart() {
    double saved = booked("penstock_saved_usd_total");
    double premium = booked("penstock_premium_usd_total");
    sent(MESSAGES, body("marked", "booked " + LONG, TOOLS, "begin"));
    // 2,000 read at 0.30 instead of 3 USD a million; 1,000 written at 3.75 instead of 3.
    assertThat(booked("penstock_saved_usd_total") - saved).isCloseTo(0.0054, within(1e-9));
    assertThat(booked("penstock_premium_usd_total") - premium).isCloseTo(0.00075, within(1e-9));
  }

  @Test
  void whatMarksSave_isAtThePriceOfTheAttempt_notOfTheRequest(@TempDir Path other)
      throws Exception {
    Path prices =
        Files.writeString(
            other.resolve("prices.yaml"),
            """
            models:
              - provider: anthropic
                id: claude-sonnet-4-5
                cards:
                  - when: { until: 2026-12-01 }
                    rates: { input: "3", output: "15", cache_read: "0.30", cache_write: "3.75" }
                  - when: { from: 2026-12-01 }
                    rates: { input: "6", output: "30", cache_read: "0.60", cache_write: "7.50" }
            """);
    FakeTicker clock = FakeTicker.at("2026-11-30T23:59:50Z");
    Gate tomorrow = new Gate("the first target fails on the next day");
    provider.on("/v1/chat/completions").reply(Script.error(500).pauseBeforeHeaders(tomorrow));
    try (RunningGateway late =
        RunningGateway.start(
            other, yaml(other, "prices: { files: [\"%s\"] }".formatted(prices)), clock)) {
      CompletableFuture<HttpResponse<String>> answer =
          CompletableFuture.supplyAsync(
              () -> late.post(MESSAGES, body("late", "booked " + LONG, TOOLS, "begin")));
      provider.awaitRequest(1);
      clock.advance(Duration.ofSeconds(20));
      tomorrow.open();
      assertThat(answer.join().statusCode()).as(answer.join().body()).isEqualTo(200);
      assertThat(booked(late, "penstock_saved_usd_total")).isCloseTo(0.0108, within(1e-9));
      assertThat(booked(late, "penstock_premium_usd_total")).isCloseTo(0.0015, within(1e-9));
    }
  }

  private static double booked(String metric) {
    return booked(gateway, metric);
  }

  private static double booked(RunningGateway of, String metric) {
    for (String line : of.admin("/metrics").split("\n")) {
      if (line.startsWith(metric + "{by=\"prompt_cache\"")) {
        return Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
      }
    }
    return 0;
  }
}
