package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.identity.KeyRing;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The 16 scenarios that published failure benches for gateways have, unary and streaming, alone and
 * as the first of two targets: what the client sees, how many calls went upstream, what was billed,
 * and that nothing is held or leaked.
 */
@ExtendWith(LeakCheck.class)
class FailureScenariosTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String TOKEN =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half an answer\"}}]}";
  private static final String ALONE = "alone-gpt-4o-mini";
  private static final String BOTH = "both-gpt-4o-mini";
  private static final AtomicInteger COUNT = new AtomicInteger();

  private static final FakeProvider bad = FakeProvider.start();
  private static final FakeProvider good = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway =
      GatewayExtension.of(FailureScenariosTest::yaml, bad, good);

  /** What a client got, and the ledger's rows of it. */
  private record Seen(HttpResponse<String> response, JsonNode rows) {
    int status() {
      return response.statusCode();
    }

    String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    String body() {
      return response.body();
    }

    double cost(int row) {
      return rows.path(row).path("cost_usd").asDouble();
    }

    String of(int row, String field) {
      return rows.path(row).path(field).asText();
    }
  }

  /** Whether the first provider may have worked on what it was sent. */
  private enum Worked {
    NO,
    PERHAPS;

    void isBooked(Seen seen) {
      assertThat(seen.of(0, "usage_source")).isEqualTo(this == NO ? "none" : "estimated");
      assertThat(seen.cost(0) > 0).as("cost %s", seen.cost(0)).isEqualTo(this == PERHAPS);
    }
  }

  private static String yaml(Path directory) {
    return """
    listen: 127.0.0.1:0
    admin: { listen: 127.0.0.1:0 }
    ledger: { url: "sqlite:%s" }
    providers:
      bad:
        dialect: openai
        base_url: %s
        keys: [sk-bad]
        catalogue: openai
        retries: { attempts: 0 }
        breaker: { failures: 1000000 }
      mute:
        dialect: openai
        base_url: %s
        keys: [sk-bad]
        catalogue: openai
        timeouts: { first_byte: 300ms }
        retries: { attempts: 0 }
        breaker: { failures: 1000000 }
      stalled:
        dialect: openai
        base_url: %s
        keys: [sk-bad]
        catalogue: openai
        timeouts: { idle: 300ms }
        retries: { attempts: 0 }
        breaker: { failures: 1000000 }
      again:
        dialect: openai
        base_url: %s
        keys: [sk-again]
        catalogue: openai
        retries: { attempts: 2, backoff: 1ms, max_backoff: 5ms, budget: 100%% }
        breaker: { failures: 1000000 }
      flapping:
        dialect: openai
        base_url: %s
        keys: [sk-flapping]
        catalogue: openai
        retries: { attempts: 0 }
        breaker: { failures: 3, within: 1m, open: 20ms }
      good: { dialect: openai, base_url: %s, keys: [sk-good], catalogue: openai }
      goes-on: { dialect: openai, base_url: %s, keys: [sk-good], catalogue: openai, prefill: true, breaker: { failures: 1000000 } }
    models:
      "alone-*": bad/*
      "both-*": { targets: [bad/*, good/*] }
      longer: { targets: [bad/gpt-4o-mini, good/gpt-4.1] }
      again: again/gpt-4o-mini
      again-both: { targets: [again/gpt-4o-mini, good/gpt-4o-mini] }
      mute: mute/gpt-4o-mini
      mute-both: { targets: [mute/gpt-4o-mini, good/gpt-4o-mini] }
      stalled: stalled/gpt-4o-mini
      stalled-both: { targets: [stalled/gpt-4o-mini, good/gpt-4o-mini] }
      slow: { targets: [bad/gpt-4o-mini], first_token: 300ms }
      slow-both: { targets: [bad/gpt-4o-mini, good/gpt-4o-mini], first_token: 300ms }
      whole: { targets: [bad/gpt-4o-mini, good/gpt-4o-mini], resume: buffer }
      goes-on: { targets: [bad/gpt-4o-mini, goes-on/gpt-4o-mini], resume: continue }
      flapping: { targets: [flapping/gpt-4o-mini, good/gpt-4o-mini] }
    prices: { unknown: free }
    teams: { t: {} }
    keys: [{ id: k, sha256: "%s", team: t }]
    budgets: [{ name: all, limit: 1000 USD, every: total }]
    """
        .formatted(
            directory.resolve("ledger.db"),
            bad.baseUrl(),
            bad.baseUrl(),
            bad.baseUrl(),
            bad.baseUrl(),
            bad.baseUrl(),
            good.baseUrl(),
            good.baseUrl(),
            KeyRing.hash(RunningGateway.KEY));
  }

  @BeforeAll
  static void start() {
    bad.on(CHAT).reply(Script.sse(TOKEN).reset());
    gateway.post(CHAT, body(ALONE, true));
    gateway.awaitCounted();
  }

  @AfterEach
  void nothingIsHeldOrUnderWay() {
    gateway.awaitRest();
  }

  private static String body(String model, boolean stream) {
    return """
    {"model":"%s","stream":%s,"max_tokens":50,"messages":[{"role":"user","content":"hi"}]}\
    """
        .formatted(model, stream);
  }

  private static Seen ask(String model, boolean stream, int rows) {
    HttpResponse<String> response = gateway.post(CHAT, body(model, stream));
    String id = response.headers().firstValue("x-penstock-request-id").orElse("");
    Await.until("a row for each attempt", () -> gateway.rows(id).size() == rows);
    return new Seen(response, gateway.rows(id));
  }

  private static Script refusal(int status, String code) {
    return Script.json(
            "{\"error\":{\"message\":\"scripted\",\"type\":\"invalid_request_error\","
                + "\"param\":\"messages\",\"code\":\"%s\"}}".formatted(code))
        .status(status);
  }

  /** Alone: an error that costs nothing, or what the provider may have worked on until then. */
  private static Seen failsAlone(
      String model, Script fault, boolean stream, int status, Worked worked) {
    bad.reset();
    bad.on(CHAT).reply(fault);
    Seen seen = ask(model, stream, 1);
    assertThat(seen.status()).as(seen.body()).isEqualTo(status);
    assertThat(seen.body()).contains("\"error\"").doesNotContain("sk-bad");
    assertThat(bad.requests()).hasSize(1);
    worked.isBooked(seen);
    return seen;
  }

  /** As the first of two: the client sees only the second. */
  private static Seen isInvisible(String model, Script fault, boolean stream, Worked worked) {
    bad.reset();
    good.reset();
    bad.on(CHAT).reply(fault);
    Seen seen = ask(model, stream, 2);
    assertThat(seen.status()).as(seen.body()).isEqualTo(200);
    assertThat(seen.body()).contains("Hello").doesNotContain("\"error\"");
    assertThat(seen.header("x-penstock-provider")).isEqualTo("good");
    assertThat(bad.requests()).hasSize(1);
    assertThat(good.requests()).hasSize(1);
    worked.isBooked(seen);
    assertThat(seen.of(1, "cause")).isEqualTo("fallback");
    return seen;
  }

  /** A name of its own: a 429 cools its target down. */
  private static String fresh(String route) {
    return route + "-m" + COUNT.incrementAndGet();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scenario01_429WithRetryAfter(boolean stream) {
    Script fault = Script.error(429).retryAfter("7");
    Seen seen = failsAlone(fresh("alone"), fault, stream, 429, Worked.NO);
    assertThat(seen.header("retry-after")).isEqualTo("7");
    isInvisible(fresh("both"), fault, stream, Worked.NO);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scenario02_429WithoutRetryAfter(boolean stream) {
    failsAlone(fresh("alone"), Script.error(429), stream, 429, Worked.NO);
    isInvisible(fresh("both"), Script.error(429), stream, Worked.NO);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scenario03_500Once(boolean stream) {
    for (String model : new String[] {"again", "again-both"}) {
      bad.reset();
      bad.on(CHAT).nth(0).reply(Script.error(500));
      Seen seen = ask(model, stream, 2);
      assertThat(seen.status()).isEqualTo(200);
      assertThat(seen.of(1, "cause")).isEqualTo("retry");
      assertThat(seen.cost(0)).isZero();
      assertThat(bad.requests()).hasSize(2);
      assertThat(good.requests()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scenario04_503ForGood(boolean stream) {
    bad.on(CHAT).reply(Script.error(503));
    Seen alone = ask("again", stream, 3);
    assertThat(alone.status()).isEqualTo(503);
    assertThat(alone.header("retry-after")).isNotEmpty();
    assertThat(bad.requests()).as("one and two retries").hasSize(3);
    Seen both = ask("again-both", stream, 4);
    assertThat(both.status()).isEqualTo(200);
    assertThat(both.header("x-penstock-route")).isEqualTo("priority[1] after 503");
    assertThat(good.requests()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scenario05_resetBeforeHeaders(boolean stream) {
    failsAlone(ALONE, Script.resetBeforeHeaders(), stream, 502, Worked.PERHAPS);
    isInvisible(BOTH, Script.resetBeforeHeaders(), stream, Worked.PERHAPS);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scenario06_silence(boolean stream) {
    failsAlone("mute", Script.silentAccept(), stream, 504, Worked.PERHAPS);
    isInvisible("mute-both", Script.silentAccept(), stream, Worked.PERHAPS);
  }

  @Test
  void scenario07_slowFirstToken() {
    failsAlone("slow", Script.silentAfterHeaders(), true, 504, Worked.PERHAPS);
    isInvisible("slow-both", Script.silentAfterHeaders(), true, Worked.PERHAPS);
  }

  @Test
  void scenario08_streamCut() {
    for (String model : new String[] {ALONE, BOTH}) {
      bad.on(CHAT).reply(Script.sse(TOKEN).reset());
      Seen seen = ask(model, true, 1);
      assertThat(seen.status()).isEqualTo(200);
      assertThat(seen.body()).contains("half an answer").contains("\"error\"");
      assertThat(seen.cost(0)).as("what was relayed is billed").isPositive();
      assertThat(seen.of(0, "waste")).isEqualTo("failed");
    }
    assertThat(good.requests()).as("content had gone out").isEmpty();
  }

  @Test
  void scenario08_unaryCut() {
    Script cut = Script.json("{\"id\":\"x\",\"choices\":[]}").cutAfterBytes(10);
    failsAlone(ALONE, cut, false, 502, Worked.PERHAPS);
    isInvisible(BOTH, cut, false, Worked.PERHAPS);
  }

  @Test
  void scenario09_streamStalled() {
    for (String model : new String[] {"stalled", "stalled-both"}) {
      bad.on(CHAT).reply(Script.sse(TOKEN).stall());
      Seen seen = ask(model, true, 1);
      assertThat(seen.status()).isEqualTo(200);
      assertThat(seen.body()).contains("half an answer").contains("\"error\"");
      assertThat(seen.of(0, "ending")).isEqualTo("timed_out");
    }
    assertThat(good.requests()).isEmpty();
  }

  @Test
  void scenario09_unaryStalled() {
    Script stalled = Script.json("{\"id\":\"x\",\"choices\":[]}").chunked(10).stall();
    failsAlone("stalled", stalled, false, 504, Worked.PERHAPS);
    isInvisible("stalled-both", stalled, false, Worked.PERHAPS);
  }

  @Test
  void scenario10_malformedEvent() {
    failsAlone(ALONE, Script.sse("data: {this is not JSON"), true, 502, Worked.PERHAPS);
    isInvisible(BOTH, Script.sse("data: {this is not JSON"), true, Worked.PERHAPS);
    failsAlone(ALONE, Script.json("{this is not JSON"), false, 502, Worked.PERHAPS);
    isInvisible(BOTH, Script.json("{this is not JSON"), false, Worked.PERHAPS);
  }

  @Test
  void scenario11_missingDone() {
    String last =
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
            + "\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":3,\"total_tokens\":8}}";
    for (String model : new String[] {ALONE, BOTH}) {
      bad.on(CHAT).reply(Script.sse(TOKEN, last));
      Seen seen = ask(model, true, 1);
      assertThat(seen.body()).contains("half an answer").endsWith("data: [DONE]\n\n");
      assertThat(seen.body()).doesNotContain("\"error\"");
      assertThat(seen.of(0, "waste")).isEqualTo("none");
    }
    assertThat(good.requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scenario12_contextLength(boolean stream) {
    Script fault = refusal(400, "context_length_exceeded");
    Seen seen = failsAlone(ALONE, fault, stream, 400, Worked.NO);
    assertThat(seen.body()).contains("context_length_exceeded");
    assertThat(failsAlone(BOTH, fault, stream, 400, Worked.NO).body()).contains("context_length");
    assertThat(good.requests()).as("the same model takes no more there").isEmpty();
    isInvisible("longer", fault, stream, Worked.NO);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scenario13_contentFilter(boolean stream) {
    Script fault = refusal(400, "content_filter");
    failsAlone(ALONE, fault, stream, 400, Worked.NO);
    failsAlone(BOTH, fault, stream, 400, Worked.NO);
    assertThat(good.requests()).as("nobody else is asked what one refused").isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"goes-on", "whole"})
  void scenario14_cutWithAFallbackThatRefusesPrefill(String model) {
    bad.on(CHAT).reply(Script.sse(TOKEN).reset());
    good.on(CHAT)
        .reply(request ->
            request.text().contains("half an answer")
                ? refusal(400, "no_prefill")
                : Script.sse(
                    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a whole one\"},"
                        + "\"finish_reason\":\"stop\"}]}",
                    "data: [DONE]"));
    Seen seen = ask(model, true, 2);
    assertThat(seen.status()).isEqualTo(200);
    assertThat(seen.cost(0)).as("what was relayed is billed").isPositive();
    assertThat(seen.of(0, "waste")).isEqualTo("fallback");
    assertThat(good.requests()).as("asked once").hasSize(1);
    if (model.equals("whole")) {
      assertThat(seen.body()).contains("a whole one").endsWith("data: [DONE]\n\n");
      assertThat(seen.body()).doesNotContain("half").doesNotContain("\"error\"");
    } else {
      assertThat(seen.body()).contains("half an answer").contains("\"error\"");
      assertThat(seen.body()).doesNotContain("whole one").doesNotContain("finish_reason\":\"stop");
      assertThat(seen.of(1, "status")).isEqualTo("400");
      assertThat(seen.cost(1)).as("a refusal is free").isZero();
    }
  }

  @Test
  void scenario14_unaryCutWithAFallbackThatRefusesPrefill() {
    bad.on(CHAT).reply(Script.json("{\"id\":\"x\",\"choices\":[]}").cutAfterBytes(10));
    Seen seen = ask("goes-on", false, 2);
    assertThat(seen.status()).as("nothing was seen: it is asked anew").isEqualTo(200);
    assertThat(seen.body()).contains("Hello");
    assertThat(good.requests().getFirst().text()).doesNotContain("prefix");
  }

  @Test
  void scenario15_flappingAndBack() {
    AtomicInteger calls = new AtomicInteger();
    bad.on(CHAT)
        .reply(request -> calls.incrementAndGet() % 2 == 0 ? Script.error(500) : Script.error(503));
    for (int i = 0; i < 20; i++) {
      HttpResponse<String> response = gateway.post(CHAT, body("flapping", i % 2 == 0));
      assertThat(response.statusCode()).as("the client sees nothing of it").isEqualTo(200);
    }
    bad.reset();
    Await.until(
        "it is asked again",
        () ->
            gateway
                .post(CHAT, body("flapping", false))
                .headers()
                .firstValue("x-penstock-provider")
                .orElse("")
                .equals("flapping"));
  }

  @Test
  void scenario16_fallbackAccounting() {
    bad.on(CHAT).reply(Script.sse(TOKEN, TOKEN).reset());
    Seen seen = ask("whole", true, 2);
    assertThat(seen.of(0, "provider")).isEqualTo("bad");
    assertThat(seen.of(0, "waste")).isEqualTo("fallback");
    assertThat(seen.cost(0)).as("its tokens were made and are billed").isPositive();
    assertThat(seen.of(1, "provider")).isEqualTo("good");
    assertThat(seen.of(1, "cause")).isEqualTo("fallback");
    assertThat(seen.of(1, "waste")).isEqualTo("none");
    assertThat(good.tally().answers()).isEqualTo(1);
    assertThat(gateway.admin("/metrics"))
        .contains("penstock_wasted_usd_total{cause=\"fallback\"}")
        .contains("penstock_upstream_attempts_total");
  }
}
