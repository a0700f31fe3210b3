package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which target, which key and how often: keys, permits, retry budgets, deadlines and probes. */
@ExtendWith(LeakCheck.class)
class AttemptFlowTest {
  private static final String CHAT = "/v1/chat/completions";

  /** The first of the two keys is drawn as good as always. */
  private static final String KEYS =
      "keys: [{ secret: %1$s-one, weight: 1000000 }, { secret: %1$s-two, weight: 1 }], catalogue:"
          + " openai";

  private static final String ANSWER =
      "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},"
          + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}";

  private static final FakeProvider first = FakeProvider.start();
  private static final FakeProvider good = FakeProvider.start();
  private static final FakeProvider mute = FakeProvider.start();
  private static final FakeProvider pulse = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(AttemptFlowTest::yaml, first, good);

  private static String yaml(Path directory) {
    mute.on("/v1/models").reply(Script.silentAccept());
    return RunningGateway.yaml(directory, good, "")
        .replace("providers:\n", providers())
        .replace("models:\n", models());
  }

  private static String providers() {
    StringBuilder yaml = new StringBuilder("providers:\n");
    String keyed = "%s: { dialect: openai, base_url: \"%s\", " + KEYS;
    for (String name : new String[] {"k401", "k403", "k429", "flaky"}) {
      yaml.append("  ")
          .append(keyed.formatted(name, first.baseUrl()))
          .append(
              ", retries: { attempts: 0 }, breaker: { failures: 3, within: 10m, open: 1h } }\n");
    }
    String plain =
        "  %s: { dialect: openai, base_url: \"%s\", keys: [k], catalogue: openai, %s }\n";
    String many = "breaker: { failures: 1000000 }";
    return yaml.append(plain.formatted("narrow", first.baseUrl(), "concurrency: 1"))
        .append(
            plain.formatted(
                "stormy",
                first.baseUrl(),
                "retries: { attempts: 1, backoff: 1ms, max_backoff: 1ms, budget: 10% }, " + many))
        .append(
            plain.formatted(
                "late",
                first.baseUrl(),
                "timeouts: { first_byte: 60s, idle: 60s, total: 300ms }, " + many))
        .append(
            plain.formatted(
                "asked",
                first.baseUrl(),
                "timeouts: { first_byte: 60s, idle: 60s, total: 60s }, retries: { attempts: 5 }, "
                    + many))
        .append(
            plain.formatted(
                "held",
                first.baseUrl(),
                "retries: { attempts: 1, backoff: 1ms, max_backoff: 1ms, budget: 100% }, " + many))
        .append(
            plain.formatted(
                "brief",
                first.baseUrl(),
                "timeouts: { first_byte: 60s, idle: 60s, total: 1s }, retries: { attempts: 1,"
                    + " budget: 100% }, "
                    + many))
        .append(
            plain.formatted(
                "patient",
                first.baseUrl(),
                "timeouts: { first_byte: 60s, idle: 60s, total: 60s }, retries: { attempts: 1,"
                    + " budget: 100% }, "
                    + many))
        .append(
            plain.formatted(
                "mute",
                mute.baseUrl(),
                "timeouts: { first_byte: 10m, idle: 10m, total: 10m }, probe: { every: 20ms }"))
        .append(plain.formatted("pulse", pulse.baseUrl(), "probe: { every: 20ms }"))
        .toString();
  }

  private static String models() {
    return """
    models:
      k401: k401/gpt-4o-mini
      k403: k403/gpt-4o-mini
      k429: k429/gpt-4o-mini
      flaky: { targets: [flaky/gpt-4o-mini, fake/gpt-4o-mini] }
      narrow: { targets: [narrow/gpt-4o-mini, fake/gpt-4o-mini] }
      stormy: stormy/gpt-4o-mini
      late: { targets: [late/gpt-4o-mini, fake/gpt-4o-mini] }
      asked: asked/gpt-4o-mini
      "held-*": held/*
      held-both: { targets: [held/gpt-4o-mini, fake/gpt-4o-mini] }
      brief: brief/gpt-4o-mini
      patient: patient/gpt-4o-mini
      tiered: { targets: [{ model: stormy/gpt-4o-mini, set: { service_tier: flex } }, fake/gpt-4o-mini] }
      mute: mute/gpt-4o-mini
      pulse: pulse/gpt-4o-mini
    """;
  }

  private static HttpResponse<String> ask(String model, String... headers) {
    return gateway.post(
        CHAT,
        "{\"model\":\"%s\",\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
            .formatted(model),
        headers);
  }

  private static String provider(HttpResponse<String> response) {
    return response.headers().firstValue("x-penstock-provider").orElse("");
  }

  @ParameterizedTest
  @CsvSource({"k401, 401", "k403, 403", "k429, 429"})
  void key_refusedOrHeldBack_restsWhileTheOtherAnswers(String model, int status)
      throws IOException {
    first.on(CHAT).key(model + "-one").reply(Script.error(status).retryAfter("600"));

    HttpResponse<String> response = ask(model);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(gateway.rows(response)).hasSize(2);
    assertThat(gateway.rows(response).path(1).path("cause").asText()).isEqualTo("retry");
    assertThat(ask(model).statusCode()).isEqualTo(200);
    assertThat(first.requests())
        .extracting(Received::key)
        .containsExactly(model + "-one", model + "-two", model + "-two");
  }

  @Test
  void breaker_ofAProviderWithSeveralKeys_opens() {
    first.on(CHAT).reply(Script.error(500));
    for (int i = 0; i < 6; i++) {
      assertThat(ask("flaky").statusCode()).isEqualTo(200);
    }
    assertThat(first.requests()).hasSize(3);
    assertThat(good.requests()).hasSize(6);
  }

  @Test
  void concurrency_usedUp_goesOnToTheNextTarget_andComesBack() {
    Gate gate = new Gate("narrow answers");
    first.on(CHAT).first(1).reply(Script.json(ANSWER).pauseBeforeHeaders(gate));
    CompletableFuture<HttpResponse<String>> held =
        CompletableFuture.supplyAsync(() -> ask("narrow"));
    first.awaitRequest(1);

    assertThat(provider(ask("narrow"))).isEqualTo("fake");
    assertThat(first.requests()).hasSize(1);
    gate.open();
    assertThat(provider(held.join())).isEqualTo("narrow");
    Await.until("the permit is back", () -> provider(ask("narrow")).equals("narrow"));
  }

  @Test
  void retries_beyondTheirShareOfTheCalls_areNotMade() {
    first.on(CHAT).reply(Script.error(500));
    for (int i = 0; i < 30; i++) {
      assertThat(ask("stormy").statusCode()).isEqualTo(502);
    }
    // 10 are saved up at first, and each call adds a tenth.
    assertThat(first.requests()).hasSizeBetween(40, 43);
  }

  @Test
  void deadline_over_noOtherTargetIsAsked() {
    first.on(CHAT).reply(Script.silentAccept());
    assertThat(ask("late").statusCode()).isEqualTo(504);
    assertThat(good.requests()).isEmpty();
  }

  @Test
  void deadline_isOfTheCall_notOfEachAttempt() {
    first.on(CHAT).reply(Script.silentAccept());
    first.on(CHAT).nth(0).reply(Script.error(503).header("retry-after-ms", "200"));
    HttpResponse<String> response = ask("brief");
    assertThat(response.statusCode()).isEqualTo(504);
    assertThat(first.requests()).hasSize(2);
    Matcher left = Pattern.compile("within (\\d+) ms").matcher(response.body());
    assertThat(left.find()).as(response.body()).isTrue();
    assertThat(Integer.parseInt(left.group(1))).as("of 1000").isLessThanOrEqualTo(800);
  }

  /** SDKs say how long they wait: what comes later reaches nobody, but by a retry's key. */
  @ParameterizedTest
  @CsvSource({
    "x-stainless-timeout, 1, '', 503",
    "x-stainless-read-timeout, 0.9, '', 503",
    "X-Server-Timeout, 1, '', 503",
    "x-stainless-timeout, 600, '', 200",
    "x-stainless-timeout, soon, '', 200",
    "x-stainless-timeout, 0, '', 200",
    "x-stainless-timeout, 1, k1, 200"
  })
  void retryThatTheClientDoesNotWaitFor_isNotMade(
      String header, String seconds, String key, int status) {
    first.on(CHAT).nth(0).reply(Script.error(503).header("retry-after-ms", "1100"));
    List<String> headers = new ArrayList<>(List.of(header, seconds));
    if (!key.isEmpty()) {
      headers.addAll(List.of("Idempotency-Key", key));
    }
    HttpResponse<String> response = ask("patient", headers.toArray(String[]::new));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(first.requests()).hasSize(status == 200 ? 2 : 1);
  }

  /** The tier is the route's for the first target, the client's own at the second. */
  @Test
  void secondTarget_thatCannotBePriced_isRefusedInWords() {
    first.on(CHAT).reply(Script.error(500));
    HttpResponse<String> response =
        gateway.post(
            CHAT, "{\"model\":\"tiered\",\"max_tokens\":50,\"service_tier\":1,\"messages\":[]}");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    assertThat(response.body()).contains("service_tier");
    assertThat(first.requests()).isNotEmpty();
  }

  @Test
  void heldBackWithoutATime_isAskedAgain_althoughOthersLeaveItAlone() throws IOException {
    first.on(CHAT).nth(0).reply(Script.error(429));
    HttpResponse<String> alone = ask("held-gpt-4o");
    assertThat(alone.statusCode()).as(alone.body()).isEqualTo(200);
    assertThat(gateway.rows(alone)).extracting(row -> row.path("cause").asText()).contains("retry");

    first.reset();
    first.on(CHAT).reply(Script.error(429));
    HttpResponse<String> both = ask("held-both");
    assertThat(both.headers().firstValue("x-penstock-route")).hasValue("priority[1] after 429");
    assertThat(first.requests()).as("one and its retry").hasSize(2);
  }

  @Test
  void retryAfter_beyondTheDeadline_isNotWaitedFor() {
    first.on(CHAT).reply(Script.error(503).retryAfter("3600"));
    assertThat(ask("asked").statusCode()).isEqualTo(503);
    assertThat(first.requests()).hasSize(1);
  }

  @Test
  void probe_thatTakesLongerThanItsPause_doesNotOverlapItself() {
    pulse.awaitRequest(pulse.requests().size() + 20);
    assertThat(mute.requests()).hasSize(1);
  }
}
