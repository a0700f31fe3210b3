package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.identity.KeyRing;
import io.penstock.server.tokens.TokenCounter;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the provider may have worked on is booked, however the attempt ended; a whole answer that
 * did not come as the longest that it can have been, or that such answers are. What it never had or
 * refused is free.
 */
@ExtendWith(LeakCheck.class)
class SentAttemptsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String CHAT = "/v1/chat/completions";
  private static final String QUESTION = "Where is it?";
  private static final String ANSWER =
      "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},"
          + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":30,\"completion_tokens\":20}}";
  private static final String HALF = ANSWER.substring(0, 60);
  private static final String ERROR =
      "{\"error\":{\"message\":\"Not now.\",\"type\":\"server_error\"}}";

  /** The cap that is asked for, tokens. */
  private static final long MOST = 50;

  private static final FakeProvider provider = FakeProvider.start();
  private static final TokenCounter COUNTER = new TokenCounter();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(SentAttemptsTest::yaml, provider);

  /** How an attempt ends of which no usage is known. */
  enum End {
    SILENT(false, true, true),
    RESET(false, true, true),
    NO_HTTP(false, true, true),
    NO_JSON(false, true),
    HALF_A_BODY(false, true, true),
    STALLED_BODY(false, true, true),
    NO_JSON_FOR_A_STREAM(true, true),
    HALF_FOR_A_STREAM(true, true, true),
    STALLED_FOR_A_STREAM(true, true, true),
    SILENT_STREAM(true, true),
    EMPTY_STREAM(true, true),
    LATE_FIRST_TOKEN(true, true),
    STATUS_500(false, false),
    STATUS_302(false, false),
    ERROR_IN_200(false, false),
    REFUSED_STREAM(true, false),
    ERROR_FOR_A_STREAM(true, false),
    NOBODY_THERE(false, false);

    private final boolean stream;
    private final boolean billable;
    private final boolean unread;

    End(boolean stream, boolean billable) {
      this(stream, billable, false);
    }

    End(boolean stream, boolean billable, boolean unread) {
      this.stream = stream;
      this.billable = billable;
      this.unread = unread;
    }

    /** Returns the output tokens that are booked. */
    long output() {
      return unread ? MOST : Math.min(MOST, tokens(came()));
    }

    String model() {
      return switch (this) {
        case LATE_FIRST_TOKEN -> "slow";
        case NOBODY_THERE -> "nobody";
        default -> "alone";
      };
    }

    /** What came of an answer, all of which is counted. */
    String came() {
      return switch (this) {
        case NO_JSON, NO_JSON_FOR_A_STREAM -> "not json";
        case HALF_A_BODY, STALLED_BODY, HALF_FOR_A_STREAM, STALLED_FOR_A_STREAM -> HALF;
        default -> "";
      };
    }

    Script script() {
      return switch (this) {
        case SILENT -> Script.silentAccept();
        case RESET -> Script.resetBeforeHeaders();
        case NO_HTTP -> Script.garbage();
        case NO_JSON, NO_JSON_FOR_A_STREAM -> Script.json("not json");
        case HALF_A_BODY, HALF_FOR_A_STREAM -> Script.json(ANSWER).cutAfterBytes(60);
        case STALLED_BODY, STALLED_FOR_A_STREAM -> Script.json(ANSWER).cutAfterBytes(60).stall();
        case SILENT_STREAM, LATE_FIRST_TOKEN -> Script.sse().stall();
        case EMPTY_STREAM -> Script.sse();
        case STATUS_500 -> Script.error(500);
        case STATUS_302 -> Script.json("{}").status(302);
        case ERROR_IN_200, ERROR_FOR_A_STREAM -> Script.json(ERROR);
        case REFUSED_STREAM -> Script.sse(ERROR);
        case NOBODY_THERE -> Script.json(ANSWER);
      };
    }
  }

  private static String yaml(Path directory) {
    return """
    listen: 127.0.0.1:0
    admin: { listen: 127.0.0.1:0 }
    ledger: { url: "sqlite:%s" }
    providers:
      once: { dialect: openai, base_url: %2$s, keys: [k], catalogue: openai, timeouts: { first_byte: 500ms, idle: 500ms }, retries: { attempts: 0 }, breaker: { failures: 1000000 } }
      other: { dialect: openai, base_url: %2$s, keys: [k], catalogue: openai, retries: { attempts: 0 } }
      patient: { dialect: openai, base_url: %2$s, keys: [k], catalogue: openai, retries: { attempts: 0 }, breaker: { failures: 1000000 } }
      again: { dialect: openai, base_url: %2$s, keys: [k], catalogue: openai, retries: { attempts: 1, backoff: 1ms, max_backoff: 1ms, budget: 100%% }, breaker: { failures: 1000000 } }
      nobody: { dialect: openai, base_url: "http://127.0.0.1:1/v1", keys: [k], catalogue: openai, retries: { attempts: 0 } }
    models:
      alone: once/gpt-4o-mini
      known: other/gpt-4o-mini
      slow: { targets: [patient/gpt-4o-mini], first_token: 300ms }
      nobody: nobody/gpt-4o-mini
      again: again/gpt-4o-mini
      next: { targets: [once/gpt-4o-mini, patient/gpt-4o-mini] }
    teams: { t: {} }
    keys:
      - { id: k, sha256: "%3$s", team: t }
      - { id: poor-again, sha256: "%4$s", team: t }
      - { id: poor-next, sha256: "%5$s", team: t }
    budgets:
      - { name: all, limit: 1000 USD, every: total }
      - { name: tight, when: 'key.startsWith("poor")', per: key, limit: 0.0001 USD, every: total }
    rates: [{ name: single, per: key, tokens: 1000000000, every: day, concurrent: 1 }]
    """
        .formatted(
            directory.resolve("ledger.db"),
            provider.baseUrl(),
            KeyRing.hash(RunningGateway.KEY),
            KeyRing.hash("pk-poor-again"),
            KeyRing.hash("pk-poor-next"));
  }

  @AfterAll
  static void stop() {
    COUNTER.close();
  }

  private static String ask(String model, boolean stream) {
    return "{\"model\":\"%s\",\"stream\":%s,\"max_tokens\":%d,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
        .formatted(model, stream, MOST, QUESTION);
  }

  private static JsonNode admin(String path) {
    try {
      return MAPPER.readTree(gateway.admin(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode rows(HttpResponse<String> of, int count) {
    String path =
        "/admin/v1/requests/" + of.headers().firstValue("x-penstock-request-id").orElseThrow();
    Await.until("the rows are there", () -> admin(path).path("attempts").size() == count);
    return admin(path).path("attempts");
  }

  private static long tokens(String text) {
    return COUNTER.tokens("gpt-4o-mini", text);
  }

  private static BigDecimal cost(long input, long output) {
    return new BigDecimal("0.00000015")
        .multiply(BigDecimal.valueOf(input))
        .add(new BigDecimal("0.0000006").multiply(BigDecimal.valueOf(output)));
  }

  @ParameterizedTest
  @EnumSource(End.class)
  void end_ofEachKind_isBookedOrFree(End end) {
    provider.reset();
    provider.on(CHAT).reply(end.script());

    JsonNode row = rows(gateway.post(CHAT, ask(end.model(), end.stream)), 1).path(0);

    assertThat(row.path("usage_source").asText())
        .as(row.toString())
        .isEqualTo(end.billable ? "estimated" : "none");
    BigDecimal expected =
        end.billable
            // A message has three tokens around it, and the answer's beginning three more.
            ? cost(tokens(QUESTION) + 6, end.output())
            : BigDecimal.ZERO;
    assertThat(new BigDecimal(row.path("cost_usd").asText()))
        .as(row.toString())
        .isEqualByComparingTo(expected);
  }

  /**
   * The first attempt is counted off the loop: its hold and its permit are back before the next.
   */
  @ParameterizedTest
  @CsvSource({"again", "next"})
  void budgetAndPermitForOneAttempt_theNextIsMadeNevertheless(String model) {
    provider.reset();
    provider.on(CHAT).reply(Script.json(ANSWER));
    provider.on(CHAT).first(1).reply(Script.json(ANSWER).cutAfterBytes(60));

    HttpResponse<String> response =
        gateway.post(CHAT, ask(model, false), "authorization", "Bearer pk-poor-" + model);

    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    JsonNode rows = rows(response, 2);
    assertThat(rows.path(0).path("usage_source").asText()).isEqualTo("estimated");
    assertThat(rows.path(1).path("usage_source").asText()).isEqualTo("reported");
  }

  @Test
  void silent_againAndAgain_spendsTheBudget() {
    provider.reset();
    provider.on(CHAT).reply(Script.resetBeforeHeaders());
    BigDecimal before = spent();

    HttpResponse<String> response = gateway.post(CHAT, ask("alone", false));
    rows(response, 1);

    assertThat(spent().subtract(before)).isEqualByComparingTo(cost(tokens(QUESTION) + 6, MOST));
  }

  @Test
  void reset_ofATargetThatHasAnswered_isBookedAsItsAnswersAre() {
    provider.reset();
    provider.on(CHAT).reply(Script.resetBeforeHeaders());
    provider.on(CHAT).first(1).reply(Script.json(ANSWER));
    rows(gateway.post(CHAT, ask("known", false)), 1);

    JsonNode row = rows(gateway.post(CHAT, ask("known", false)), 1).path(0);

    // The answer had 20 tokens; lengths are learned in steps, of which 21 ends the one with 20.
    assertThat(new BigDecimal(row.path("cost_usd").asText()))
        .as(row.toString())
        .isEqualByComparingTo(cost(tokens(QUESTION) + 6, 21));
  }

  /** What came is more than was held: the provider bills no more than it was asked for. */
  @Test
  void longAnswerThatCannotBeRead_isBookedAtItsHold_atListAsWell() {
    provider.reset();
    provider.on(CHAT).reply(Script.json("not json ".repeat(2000)));

    JsonNode row = rows(gateway.post(CHAT, ask("alone", false)), 1).path(0);

    BigDecimal cost = new BigDecimal(row.path("cost_usd").asText());
    assertThat(cost).isLessThan(cost(0, 2000));
    assertThat(new BigDecimal(row.path("list_usd").asText()))
        .as("no discount: " + row)
        .isEqualByComparingTo(cost);
  }

  private static BigDecimal spent() {
    Await.until("nothing is held", () -> usd("held").signum() == 0);
    return usd("spent");
  }

  private static BigDecimal usd(String field) {
    for (JsonNode state : admin("/admin/v1/budgets").path("budgets")) {
      if (state.path("budget").asText().equals("all")) {
        return new BigDecimal(state.path(field).asText().replace(" USD", ""));
      }
    }
    throw new AssertionError("the budget of all is not listed");
  }
}
