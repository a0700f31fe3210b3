package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.identity.KeyRing;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Ports;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Everything that goes wrong upstream, unary and streaming, alone and as the first of two targets:
 * what the client sees, that the next target answers, and that nothing is held or leaked.
 */
@ExtendWith(LeakCheck.class)
class ResilienceTest {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final String TOKEN =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"}}]}";

  /** A failure before any content: what it answers with when alone. */
  record Fault(String name, int alone, Supplier<Script> script) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final FakeProvider bad = FakeProvider.start();
  private static final FakeProvider good = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(ResilienceTest::yaml, bad, good);

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
        timeouts: { connect: 1s, first_byte: 400ms, idle: 400ms, total: 5s }
        retries: { attempts: 0 }
        breaker: { failures: 1000000 }
      again:
        dialect: openai
        base_url: %s
        keys: [sk-again]
        catalogue: openai
        retries: { attempts: 2, backoff: 1ms, max_backoff: 5ms, budget: 100%% }
        breaker: { failures: 1000000 }
      fragile:
        dialect: openai
        base_url: %s
        keys: [sk-fragile]
        catalogue: openai
        retries: { attempts: 0 }
        breaker: { failures: 3, within: 1m, open: 1h }
      nowhere: { dialect: openai, base_url: "http://127.0.0.1:%d/v1", keys: [k], catalogue: openai, retries: { attempts: 0 } }
      good: { dialect: openai, base_url: %s, keys: [sk-good], catalogue: openai }
    models:
      "alone-*": bad/*
      retried: again/gpt-4o-mini
      dead: nowhere/gpt-4o-mini
      guarded: { targets: [fragile/gpt-4o-mini, good/gpt-4o-mini] }
      "both-*": { targets: [bad/*, good/*] }
      "fragile-*": fragile/*
      "fixed-*": fragile/o3-mini
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
            Ports.free(),
            good.baseUrl(),
            KeyRing.hash(RunningGateway.KEY));
  }

  static Stream<Fault> faults() {
    return Stream.of(
        new Fault("500", 502, () -> Script.error(500)),
        new Fault("503", 503, () -> Script.error(503)),
        new Fault("429", 429, () -> Script.error(429)),
        new Fault("429 with retry-after", 429, () -> Script.error(429).retryAfter("7")),
        new Fault("401", 502, () -> Script.error(401)),
        new Fault("402", 502, () -> Script.error(402)),
        new Fault("reset before headers", 502, Script::resetBeforeHeaders),
        new Fault("silence after accept", 504, Script::silentAccept),
        new Fault("garbage", 502, Script::garbage),
        new Fault("truncated JSON", 502, () -> Script.json("{\"id\":\"x\",\"choi")),
        new Fault("no choices", 502, () -> Script.json("{\"id\":\"x\",\"choices\":[]}")),
        new Fault("null choices", 502, () -> Script.json("{\"id\":\"x\",\"choices\":null}")),
        new Fault("nothing but an end", 502, () -> Script.sse("[DONE]")),
        new Fault(
            "truncated event",
            502,
            () -> Script.sse("{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel", "[DONE]")),
        new Fault(
            "error inside a 200",
            502,
            () -> Script.json("{\"error\":{\"message\":\"it broke\",\"type\":\"server_error\"}}")));
  }

  /** A name that no test before has cooled down or broken. */
  private static String fresh(String route) {
    return route + "-" + COUNT.incrementAndGet();
  }

  private static String body(String model, boolean stream) {
    return "{\"model\":\""
        + model
        + "\",\"stream\":"
        + stream
        + ",\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  }

  @ParameterizedTest
  @MethodSource("faults")
  void fault_alone_isAnErrorAndCostsNothing(Fault fault) throws Exception {
    for (boolean stream : new boolean[] {false, true}) {
      bad.reset();
      bad.on("/v1/chat/completions").reply(fault.script().get());
      HttpResponse<String> response =
          gateway.post("/v1/chat/completions", body(fresh("alone"), stream));
      assertThat(response.statusCode()).as(response.body()).isEqualTo(fault.alone());
      // On a kept connection a reset may mean that it was gone: that is written once more.
      int most = fault.name().startsWith("reset") ? 2 : 1;
      assertThat(bad.requests()).hasSizeBetween(1, most);
      assertThat(response.body()).contains("\"error\"").doesNotContain("sk-bad");
      // Some are counted behind the answer: at a price of 0 here, for nobody knows the model.
      Await.until("its row", () -> gateway.rows(response).path(0).hasNonNull("ending"));
      JsonNode rows = gateway.rows(response);
      assertThat(rows.size()).isEqualTo(1);
      assertThat(rows.path(0).path("cost_usd").asText()).isEqualTo("0.00");
    }
    gateway.awaitRest();
  }

  @ParameterizedTest
  @MethodSource("faults")
  void fault_firstOfTwo_isInvisible(Fault fault) {
    for (boolean stream : new boolean[] {false, true}) {
      bad.reset();
      good.reset();
      bad.on("/v1/chat/completions").reply(fault.script().get());
      HttpResponse<String> response =
          gateway.post("/v1/chat/completions", body(fresh("both"), stream));
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      assertThat(response.headers().firstValue("x-penstock-provider")).hasValue("good");
      assertThat(good.requests()).hasSize(1);
      assertThat(response.body()).doesNotContain("\"error\"");
    }
    gateway.awaitRest();
  }

  @Test
  void stream_errorEventRightAfterThe200_fallsBack() {
    bad.on("/v1/chat/completions")
        .reply(
            Script.sse("data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\"}}"));
    HttpResponse<String> response = gateway.post("/v1/chat/completions", body(fresh("both"), true));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("x-penstock-provider")).hasValue("good");
    assertThat(response.body()).doesNotContain("overloaded").endsWith("data: [DONE]\n\n");
    gateway.awaitRest();
  }

  @Test
  void stream_stalledAfterContent_isAnErrorEventNotAQuietEnd() {
    bad.on("/v1/chat/completions").reply(Script.sse(TOKEN).stall());
    HttpResponse<String> response = gateway.post("/v1/chat/completions", body(fresh("both"), true));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("hello").contains("\"error\"");
    assertThat(good.requests()).as("content had gone out: no other target").isEmpty();
    gateway.awaitRest();
  }

  @Test
  void stream_missingDoneAfterAFinish_isComplete() {
    bad.on("/v1/chat/completions")
        .reply(
            Script.sse(
                TOKEN,
                "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}",
                "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,"
                    + "\"total_tokens\":6}}"));
    HttpResponse<String> response =
        gateway.post("/v1/chat/completions", body(fresh("alone"), true));
    assertThat(response.body()).contains("hello").endsWith("data: [DONE]\n\n");
    assertThat(response.body()).doesNotContain("\"error\"");
  }

  @Test
  void connectRefused_alone_is502() {
    assertThat(gateway.post("/v1/chat/completions", body("dead", false)).statusCode())
        .isEqualTo(502);
    gateway.awaitRest();
  }

  @Test
  void retries_500Once_theSecondTryAnswersAndBothAreRows() throws Exception {
    bad.on("/v1/chat/completions").nth(0).reply(Script.error(500));
    HttpResponse<String> response = gateway.post("/v1/chat/completions", body("retried", false));
    assertThat(response.statusCode()).isEqualTo(200);
    JsonNode rows = gateway.rows(response);
    assertThat(rows).hasSize(2);
    assertThat(rows.path(1).path("cause").asText()).isEqualTo("retry");
  }

  @Test
  void breaker_opensAfterItsThreshold_andTheDeadTargetIsLeftAlone() {
    bad.on("/v1/chat/completions").reply(Script.error(500));
    for (int i = 0; i < 10; i++) {
      HttpResponse<String> response = gateway.post("/v1/chat/completions", body("guarded", false));
      assertThat(response.statusCode()).isEqualTo(200);
    }
    assertThat(bad.requests()).hasSize(3);
    assertThat(good.requests()).hasSize(10);
    assertThat(gateway.admin("/admin/v1/models")).contains("breaker open");
  }

  @Test
  void breaker_behindAWildcard_isShownByWhatMetricsCallTheModel() {
    bad.on("/v1/chat/completions").reply(Script.error(500));
    assertThat(gateway.admin("/metrics"))
        .contains("penstock_breaker_open{model=\"o3-mini\",provider=\"fragile\"} 0.0")
        .doesNotContain("penstock_breaker_open{model=\"gpt-4o\",provider=\"fragile\"}");
    for (String model : new String[] {"fragile-gpt-4o", "fragile-made-up", "fragile-sound"}) {
      for (int i = 0; i < (model.equals("fragile-sound") ? 1 : 3); i++) {
        assertThat(gateway.post("/v1/chat/completions", body(model, false)).statusCode())
            .isEqualTo(502);
      }
    }
    assertThat(gateway.admin("/metrics"))
        .contains("penstock_breaker_open{model=\"gpt-4o\",provider=\"fragile\"} 1.0")
        .contains("penstock_breaker_open{model=\"other\",provider=\"fragile\"} 1.0")
        .doesNotContain("made-up");
  }

  @Test
  void manyFailures_atOnce_leaveNothingBehind() throws Exception {
    bad.on("/v1/chat/completions").reply(Script.resetBeforeHeaders());
    try (var executor = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 200; i++) {
        boolean stream = i % 2 == 0;
        executor.submit(() -> gateway.post("/v1/chat/completions", body(fresh("both"), stream)));
      }
    }
    gateway.awaitRest();
    // Slices go back to the store when they have been idle for a few seconds.
    Await.until(
        "no allowance is left",
        () -> gateway.admin("/admin/v1/budgets").contains("\"held\":\"0.00 USD\""));
  }
}
