package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * However an attempt ends, its hold is settled once: afterwards nothing is held, the budget has
 * spent what the rows charge it, to the nano, and the only permit is free.
 */
@ExtendWith(LeakCheck.class)
class SettledOnceTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String CHAT = "/v1/chat/completions";
  private static final String ANSWER =
      "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},"
          + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":30,\"completion_tokens\":20}}";
  private static final String WORD =
      "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word\"}}]}";
  private static final String STOP =
      "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":30,\"completion_tokens\":20}}";

  private static final FakeProvider first = FakeProvider.start();
  private static final FakeProvider other = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(SettledOnceTest::yaml, first, other);

  /** How the first provider ends an attempt. */
  enum End {
    WHOLE,
    STREAMED,
    REFUSED,
    BROKEN,
    RESET,
    GARBAGE,
    NO_JSON,
    HALF,
    CUT,
    CUT_BY_RESET,
    ERROR_EVENT,
    NO_USAGE;

    Script script() {
      return switch (this) {
        case WHOLE -> Script.json(ANSWER);
        case STREAMED -> Script.sse(WORD, STOP, "[DONE]");
        case REFUSED -> Script.error(400);
        case BROKEN -> Script.error(500);
        case RESET -> Script.resetBeforeHeaders();
        case GARBAGE -> Script.garbage();
        case NO_JSON -> Script.json("not json");
        case HALF -> Script.json(ANSWER).cutAfterBytes(60);
        case CUT -> Script.sse(WORD).cutAfterBytes(60);
        case CUT_BY_RESET -> Script.sse(WORD, WORD).reset();
        case ERROR_EVENT ->
            Script.sse(WORD, "{\"error\":{\"message\":\"no\",\"type\":\"server_error\"}}");
        case NO_USAGE -> Script.sse(WORD, WORD, "[DONE]");
      };
    }
  }

  private static String yaml(Path directory) {
    return RunningGateway.yaml(
            directory,
            other,
            """
            budgets: [{ name: all, limit: 1000 USD, every: total }]
            rates: [{ name: single, per: key, tokens: 1000000000, every: day, concurrent: 1 }]
            """
                .indent(0))
        .replace(
            "providers:\n",
            "providers:\n  first: { dialect: openai, base_url: \""
                + first.baseUrl()
                + "\", keys: [k], catalogue: openai, breaker: { failures: 1000000 },"
                + " retries: { attempts: 1, backoff: 1ms, max_backoff: 1ms, budget: 100% }"
                + " }\n")
        .replace(
            "models:\n",
            "models:\n  alone: first/gpt-4o-mini\n"
                + "  backed: { targets: [first/gpt-4o-mini, fake/gpt-4o-mini] }\n");
  }

  @BeforeEach
  void reset() {
    other.on(CHAT).reply(Script.json(ANSWER));
  }

  private static String ask(String model, boolean stream) {
    return "{\"model\":\""
        + model
        + "\",\"stream\":"
        + stream
        + ",\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  }

  private static JsonNode admin(String path) {
    try {
      return MAPPER.readTree(gateway.admin(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long nanos(String usd) {
    return new BigDecimal(usd.replace(" USD", "")).movePointRight(9).longValueExact();
  }

  private static JsonNode budget() {
    return admin("/admin/v1/budgets").path("budgets").path(0);
  }

  private static void isSettledOnce() {
    Await.until("nothing is held", () -> nanos(budget().path("held").asText()) == 0);
    long charged = 0;
    for (JsonNode row : admin("/admin/v1/requests?limit=1000").path("requests")) {
      for (JsonNode charge : row.path("charges")) {
        charged += charge.path("amount").asLong();
        assertThat(charge.path("amount").asLong()).isEqualTo(nanos(row.path("cost_usd").asText()));
      }
    }
    assertThat(nanos(budget().path("spent").asText())).isEqualTo(charged);
    first.reset();
    first.on(CHAT).reply(Script.json(ANSWER));
    assertThat(gateway.post(CHAT, ask("alone", false)).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource(End.class)
  void end_ofEachKind_aloneRetriedOrGoneOnFrom(End end) {
    first.on(CHAT).reply(end.script());
    for (String model : new String[] {"alone", "backed"}) {
      for (boolean stream : new boolean[] {false, true}) {
        gateway.post(CHAT, ask(model, stream));
        Await.until("nothing is held", () -> nanos(budget().path("held").asText()) == 0);
      }
    }
    isSettledOnce();
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void clientLeaves_beforeAnything(boolean stream) throws Exception {
    Gate gate = new Gate("headers");
    first.on(CHAT).reply(Script.json(ANSWER).pauseBeforeHeaders(gate));
    try (RawClient client = RawClient.to(gateway)) {
      client.send(RawClient.post(CHAT, ask("backed", stream)));
      first.awaitRequest(1);
    }
    first.awaitRequest(1).awaitClosed();
    gate.open();
    isSettledOnce();
  }

  @Test
  void clientLeaves_midStream() throws Exception {
    Gate gate = new Gate("second word");
    first.on(CHAT).reply(Script.sse(WORD, WORD, STOP).pauseBefore(1, gate));
    try (RawClient client = RawClient.to(gateway)) {
      client.send(RawClient.post(CHAT, ask("backed", true)));
      client.readUntil("word");
    }
    first.awaitRequest(1).awaitClosed();
    gate.open();
    isSettledOnce();
  }

  @Test
  void clientLeaves_whileItsCallIsRetried() throws Exception {
    Gate gate = new Gate("the second try");
    first.on(CHAT).reply(Script.json(ANSWER).pauseBeforeHeaders(gate));
    first.on(CHAT).first(1).reply(Script.error(500));
    try (RawClient client = RawClient.to(gateway)) {
      client.send(RawClient.post(CHAT, ask("alone", false)));
      first.awaitRequest(2);
    }
    first.awaitRequest(2).awaitClosed();
    gate.open();
    isSettledOnce();
  }

  @Test
  void permit_usedUp_is429WithRetryAfter_andTheRefusalTakesNone() throws Exception {
    Gate gate = new Gate("headers");
    first.on(CHAT).first(1).reply(Script.json(ANSWER).pauseBeforeHeaders(gate));
    try (RawClient client = RawClient.to(gateway)) {
      client.send(RawClient.post(CHAT, ask("alone", false)));
      first.awaitRequest(1);
      var refused = gateway.post(CHAT, ask("alone", false));
      assertThat(refused.statusCode()).isEqualTo(429);
      assertThat(refused.body()).contains("concurrency_limited").contains("single");
      assertThat(refused.headers().firstValue("retry-after")).isPresent();
      gate.open();
      assertThat(client.readUntil("Hi")).contains(" 200 ");
    }
    isSettledOnce();
  }
}
