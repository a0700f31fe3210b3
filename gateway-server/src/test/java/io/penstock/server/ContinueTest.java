package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.identity.KeyRing;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code resume: continue}: a stream that is cut after content goes on with the next target that
 * takes the beginning of an answer. The client sees one stream in its own dialect, each attempt is
 * paid for once, and what cannot be gone on with ends in an error event.
 */
@ExtendWith(LeakCheck.class)
class ContinueTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String CHAT = "/v1/chat/completions";
  private static final String MESSAGES = "/v1/messages";
  private static final String HALF =
      "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":7,"
          + "\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
          + "\"content\":\"Half an \"}}]}";

  private static final FakeProvider first = FakeProvider.start();
  private static final FakeProvider claude = FakeProvider.start();
  private static final FakeProvider local = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway =
      GatewayExtension.of(ContinueTest::yaml, first, claude, local);

  /** What a client got, and the ledger's rows of it. */
  private record Seen(HttpResponse<String> response, JsonNode rows) {
    String body() {
      return response.body();
    }

    String of(int row, String field) {
      return rows.path(row).path(field).asText();
    }

    double cost(int row) {
      return rows.path(row).path("cost_usd").asDouble();
    }

    /** Returns the JSON events. */
    List<JsonNode> events() {
      List<JsonNode> events = new ArrayList<>();
      response
          .body()
          .lines()
          .filter(line -> line.startsWith("data: {"))
          .forEach(line -> events.add(json(line.substring(6))));
      return events;
    }

    /** Returns the values at that pointer, of the events that have one. */
    List<String> all(String pointer) {
      return events().stream()
          .map(event -> event.at(pointer))
          .filter(value -> !value.isMissingNode() && !value.isNull())
          .map(JsonNode::asText)
          .toList();
    }

    String text(String pointer) {
      return String.join("", all(pointer));
    }
  }

  private static String yaml(Path directory) {
    return """
    listen: 127.0.0.1:0
    admin: { listen: 127.0.0.1:0 }
    ledger: { url: "sqlite:%s" }
    providers:
      first: { dialect: openai, base_url: %s, keys: [k1], catalogue: openai, retries: { attempts: 0 }, breaker: { failures: 1000000 } }
      firstclaude: { dialect: anthropic, base_url: %s, keys: [k1], catalogue: anthropic, retries: { attempts: 0 }, breaker: { failures: 1000000 } }
      claude: { dialect: anthropic, base_url: %s, keys: [k2], catalogue: anthropic, retries: { attempts: 0 }, breaker: { failures: 1000000 } }
      local: { dialect: openai, base_url: %s, keys: [k3], catalogue: openai, prefill: true, retries: { attempts: 0 }, breaker: { failures: 1000000 } }
    models:
      chat: { targets: [first/gpt-4o-mini, first/gpt-4o, claude/claude-haiku-4-5], resume: continue }
      claude: { targets: [firstclaude/claude-haiku-4-5, claude/claude-haiku-4-5], resume: continue }
      local: { targets: [first/gpt-4o-mini, local/gpt-4o-mini], resume: continue }
      three: { targets: [first/gpt-4o-mini, claude/claude-haiku-4-5, local/gpt-4o-mini], resume: continue }
      never: { targets: [first/gpt-4o-mini, first/gpt-4o, claude/claude-sonnet-5], resume: continue }
      poor: { targets: [first/gpt-4o-mini, claude/claude-opus-4-5], resume: continue }
    teams: { t: {} }
    keys: [{ id: k, sha256: "%s", team: t }]
    budgets:
      - { name: all, limit: 1000 USD, every: total }
      - { name: dear, when: 'target == "claude/claude-opus-4-5"', limit: 0.000001 USD, every: total }
    """
        .formatted(
            directory.resolve("ledger.db"),
            first.baseUrl(),
            first.url(),
            claude.url(),
            local.baseUrl(),
            KeyRing.hash(RunningGateway.KEY));
  }

  @BeforeAll
  static void start() {
    first.on(CHAT).reply(cut(HALF));
    gateway.post(CHAT, chat("never", true, ""));
    gateway.awaitCounted();
  }

  @BeforeEach
  void reset() {
    first.on(CHAT).reply(cut(HALF));
    claude.on(MESSAGES).reply(message("answer"));
  }

  @AfterEach
  void nothingIsHeldOrUnderWay() {
    gateway.awaitRest();
  }

  /** Ends the connection after the events, without an end of the body. */
  private static Script cut(String... events) {
    long bytes =
        Stream.of(events)
            .mapToLong(event -> event.getBytes(StandardCharsets.UTF_8).length + 2)
            .sum();
    return Script.sse(events).cutAfterBytes(bytes);
  }

  private static String event(String type, String fields) {
    return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + fields + "}";
  }

  private static String[] begun(String text) {
    return new String[] {
      event(
          "message_start",
          ",\"message\":{\"id\":\"msg_"
              + text.length()
              + "\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-haiku-4-5\","
              + "\"content\":[],\"usage\":{\"input_tokens\":20,\"output_tokens\":1}}"),
      event(
          "content_block_start",
          ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
      event(
          "content_block_delta",
          ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" + text + "\"}")
    };
  }

  private static Script message(String text) {
    Script script = Script.sse(begun(text));
    for (String last :
        new String[] {
          event("content_block_stop", ",\"index\":0"),
          event(
              "message_delta",
              ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},"
                  + "\"usage\":{\"output_tokens\":3}"),
          event("message_stop", "")
        }) {
      script = script.then(last);
    }
    return script;
  }

  private static String chat(String model, boolean stream, String more) {
    return """
    {"model":"%s","stream":%s,"stream_options":{"include_usage":true},%s\
    "messages":[{"role":"user","content":"hi"}]}\
    """
        .formatted(model, stream, more);
  }

  private static String messages(String model) {
    return """
    {"model":"%s","stream":true,"max_tokens":50,"messages":[{"role":"user","content":"hi"}]}\
    """
        .formatted(model);
  }

  private static JsonNode json(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(text, e);
    }
  }

  private static Seen ask(String path, String body, int rows) {
    HttpResponse<String> response = gateway.post(path, body);
    String id = response.headers().firstValue("x-penstock-request-id").orElse("");
    Await.until("a row for each attempt", () -> gateway.rows(id).size() == rows);
    return new Seen(response, gateway.rows(id));
  }

  private static void isContinued(Seen seen, String from, String by) {
    assertThat(seen.response().statusCode()).isEqualTo(200);
    assertThat(seen.body()).doesNotContain("error").contains("\"continued_by\":\"" + by);
    assertThat(seen.of(0, "provider")).isEqualTo(from);
    assertThat(seen.of(0, "waste")).isEqualTo("fallback");
    assertThat(seen.of(0, "ending")).isEqualTo("upstream_failed");
    assertThat(seen.cost(0)).as("what it had said is billed").isPositive();
    assertThat(by).startsWith(seen.of(1, "provider"));
    assertThat(seen.of(1, "cause")).isEqualTo("fallback");
    assertThat(seen.of(1, "waste")).isEqualTo("none");
    assertThat(seen.of(1, "reason")).contains("after cut, continued");
    assertThat(seen.of(1, "usage_source")).isEqualTo("reported");
    assertThat(seen.cost(1)).isPositive();
  }

  @Test
  void chatCut_goesOnInTranslation_asOneStream() {
    Seen seen = ask(CHAT, chat("chat", true, "\"max_tokens\":50,"), 2);
    isContinued(seen, "first", "claude/claude-haiku-4-5");
    assertThat(seen.text("/choices/0/delta/content")).isEqualTo("Half an answer");
    assertThat(seen.all("/choices/0/delta/role")).containsExactly("assistant");
    assertThat(seen.all("/id")).containsOnly("chatcmpl-1");
    assertThat(seen.all("/created")).containsOnly("7");
    assertThat(seen.all("/model")).containsOnly("gpt-4o-mini");
    assertThat(seen.all("/choices/0/finish_reason")).containsExactly("stop");
    assertThat(seen.body()).endsWith("data: [DONE]\n\n");
    assertThat(first.requests()).as("a model that takes no prefill is passed over").hasSize(1);
    JsonNode asked = json(claude.requests().getFirst().text());
    assertThat(asked.at("/messages/1/role").asText()).isEqualTo("assistant");
    assertThat(asked.at("/messages/1/content").asText()).isEqualTo("Half an");
    assertThat(asked.path("max_tokens").asInt()).as("of 50, less those sent").isBetween(40, 49);
    double total = json("{" + after(seen.body(), "\"continued_by\"")).path("cost_usd").asDouble();
    assertThat(total)
        .isEqualTo(seen.cost(0) + seen.cost(1), org.assertj.core.data.Offset.offset(1e-9));
  }

  private static String after(String body, String name) {
    int from = body.indexOf(name);
    return body.substring(from, body.indexOf('}', from) + 1);
  }

  @Test
  void messagesCut_goesOnInItsOwnDialect_asOneMessage() {
    first.on(MESSAGES).reply(cut(begun("Half an")));
    claude.on(MESSAGES).reply(message(" answer"));
    Seen seen = ask(MESSAGES, messages("claude"), 2);
    isContinued(seen, "firstclaude", "claude/claude-haiku-4-5");
    assertThat(seen.text("/delta/text")).isEqualTo("Half an answer");
    assertThat(seen.all("/type"))
        .containsExactly(
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop");
    assertThat(seen.all("/index")).containsOnly("0");
    JsonNode asked = json(claude.requests().getFirst().text());
    assertThat(asked.at("/messages/1/content").asText()).isEqualTo("Half an");
  }

  @Test
  void messagesCutInTranslation_goesOnInTheirOwnDialect() {
    Seen seen = ask(MESSAGES, messages("chat"), 2);
    isContinued(seen, "first", "claude/claude-haiku-4-5");
    assertThat(seen.text("/delta/text")).isEqualTo("Half an answer");
    assertThat(seen.all("/type")).containsOnlyOnce("message_start", "message_stop");
    assertThat(seen.all("/index")).containsOnly("0");
  }

  @Test
  void toACompatibleServer_theLastMessageIsMarked() {
    local
        .on(CHAT)
        .reply(
            Script.sse(
                "data:"
                    + " {\"id\":\"other\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
                    + "\"content\":\"\"}}]}",
                "data: {\"id\":\"other\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
                    + " answer\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,"
                    + "\"completion_tokens\":1,\"total_tokens\":10}}",
                "data: [DONE]"));
    Seen seen = ask(CHAT, chat("local", true, ""), 2);
    isContinued(seen, "first", "local/gpt-4o-mini");
    assertThat(seen.text("/choices/0/delta/content"))
        .as("the white space that it makes again is there once")
        .isEqualTo("Half an answer");
    assertThat(seen.all("/choices/0/delta/role")).containsExactly("assistant");
    assertThat(seen.all("/id")).containsOnly("chatcmpl-1");
    JsonNode asked = json(local.requests().getFirst().text());
    assertThat(asked.at("/messages/1/prefix").asBoolean()).isTrue();
    assertThat(asked.path("continue_final_message").asBoolean()).isTrue();
  }

  @Test
  void secondCut_goesOnAgain() {
    claude.on(MESSAGES).reply(cut(begun("answer")));
    local
        .on(CHAT)
        .reply(
            Script.sse(
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" in three.\"},"
                    + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,"
                    + "\"completion_tokens\":1,\"total_tokens\":10}}",
                "data: [DONE]"));
    Seen seen = ask(CHAT, chat("three", true, ""), 3);
    assertThat(seen.text("/choices/0/delta/content")).isEqualTo("Half an answer in three.");
    assertThat(seen.body()).doesNotContain("error").endsWith("data: [DONE]\n\n");
    assertThat(json(local.requests().getFirst().text()).at("/messages/1/content").asText())
        .isEqualTo("Half an answer");
    assertThat(seen.of(1, "waste")).isEqualTo("fallback");
    assertThat(seen.of(2, "waste")).isEqualTo("none");
  }

  @Test
  void secondCut_withNobodyLeft_isAnErrorEvent() {
    claude.on(MESSAGES).reply(cut(begun("answer")));
    Seen seen = ask(CHAT, chat("chat", true, ""), 2);
    isBrokenOff(seen, "Half an answer");
    assertThat(seen.of(1, "waste")).isEqualTo("failed");
    assertThat(seen.cost(1)).isPositive();
  }

  /** A well-formed error event is the last thing but the end mark. */
  private static void isBrokenOff(Seen seen, String text) {
    assertThat(seen.response().statusCode()).isEqualTo(200);
    assertThat(seen.text("/choices/0/delta/content")).isEqualTo(text);
    JsonNode last = seen.events().getLast();
    assertThat(last.at("/error/message").asText()).as(seen.body()).isNotEmpty();
    assertThat(seen.all("/choices/0/finish_reason")).isEmpty();
  }

  private static Script noPrefill() {
    return Script.json(
            "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":"
                + "\"This model does not support assistant message prefill.\"}}")
        .status(400);
  }

  @Test
  void prefillRefused_isAnErrorEventThatCostsOnce() {
    claude.on(MESSAGES).reply(noPrefill());
    Seen seen = ask(CHAT, chat("chat", true, ""), 2);
    isBrokenOff(seen, "Half an ");
    assertThat(seen.cost(0)).isPositive();
    assertThat(seen.of(1, "status")).isEqualTo("400");
    assertThat(seen.cost(1)).isZero();
    assertThat(claude.requests()).hasSize(1);
  }

  @Test
  void prefillRefused_theNextGoesOn() {
    claude.on(MESSAGES).reply(noPrefill());
    Seen seen = ask(CHAT, chat("three", true, ""), 3);
    assertThat(seen.body()).doesNotContain("\"error\"").endsWith("data: [DONE]\n\n");
    assertThat(seen.text("/choices/0/delta/content")).startsWith("Half an Hello");
  }

  @Test
  void nobodyTakesAPrefill_isAnErrorEvent() {
    Seen seen = ask(CHAT, chat("never", true, ""), 1);
    isBrokenOff(seen, "Half an ");
    assertThat(seen.of(0, "waste")).isEqualTo("failed");
    assertThat(claude.requests()).isEmpty();
  }

  @Test
  void budgetRefusesTheRest_isAnErrorEventWithTheRule() {
    HttpResponse<String> response = gateway.post(CHAT, chat("poor", true, ""));
    assertThat(response.body()).contains("Half an ").contains("\"error\"").contains("dear");
    assertThat(claude.requests()).isEmpty();
    String id = response.headers().firstValue("x-penstock-request-id").orElse("");
    Await.until("the cut one and the refusal", () -> gateway.rows(id).size() == 2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]",
        "\"reasoning_content\":\"let me think\""
      })
  void whatIsNotPlainText_isNotGoneOnWith(String delta) {
    first
        .on(CHAT)
        .reply(cut(HALF, "data: {\"choices\":[{\"index\":0,\"delta\":{" + delta + "}}]}"));
    isBrokenOff(ask(CHAT, chat("chat", true, ""), 1), "Half an ");
    assertThat(claude.requests()).isEmpty();
  }

  @Test
  void whatHasToFitASchema_isNotGoneOnWith() {
    String format = "\"response_format\":{\"type\":\"json_object\"},";
    isBrokenOff(ask(CHAT, chat("chat", true, format), 1), "Half an ");
    assertThat(claude.requests()).isEmpty();
  }

  @Test
  void wholeAnswerCut_isMadeAnew() {
    first.on(CHAT).reply(Script.json("{\"id\":\"x\",\"choices\":[]}").cutAfterBytes(10));
    HttpResponse<String> response = gateway.post(CHAT, chat("local", false, ""));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("Hello");
    assertThat(json(local.requests().getFirst().text()).path("messages")).hasSize(1);
  }

  @Test
  void clientLeavesDuringTheContinuation_upstreamIsCancelledAndBilled() throws Exception {
    Gate gate = new Gate("never opened");
    claude.on(MESSAGES).reply(message("answer").pauseBefore(3, gate));
    try (RawClient client = RawClient.to(gateway)) {
      client.send(RawClient.post(CHAT, chat("chat", true, "")));
      client.readUntil("answer");
    }
    Received asked = claude.awaitRequest(1);
    asked.awaitClosed();
    gate.open();
    nothingIsHeldOrUnderWay();
    assertThat(gateway.admin("/metrics"))
        .contains("penstock_wasted_usd_total{cause=\"aborted\"}")
        .contains("penstock_wasted_usd_total{cause=\"fallback\"}");
  }
}
