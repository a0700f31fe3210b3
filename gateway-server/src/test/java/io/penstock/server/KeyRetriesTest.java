package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.penstock.core.Ticker;
import io.penstock.core.body.Json;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** How often one call asks one target: with several keys, and when its breaker opens meanwhile. */
@ExtendWith(LeakCheck.class)
class KeyRetriesTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String BODY =
      "{\"model\":\"gpt-4o-mini\",\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  private static final String ANSWER =
      """
      {"id":"c1","object":"chat.completion","model":"gpt-4o-mini","choices":[{"index":0,\
      "message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],\
      "usage":{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8}}\
      """;

  /** A wall clock that the provider's slow answers move on. */
  private static final class Clock implements Ticker {
    final AtomicLong moved = new AtomicLong();

    @Override
    public long nanoTime() {
      return System.nanoTime();
    }

    @Override
    public long epochMillis() {
      return System.currentTimeMillis() + moved.get();
    }
  }

  @TempDir Path directory;

  private RunningGateway start(FakeProvider provider, Ticker ticker, String setting) {
    String yaml =
        RunningGateway.yaml(directory, provider, "")
            .replace("keys: [sk-upstream]", "keys: [k-one, k-two]")
            .replace("total: 20s", "total: 3s")
            .replace("retries: { attempts: 0 }", setting);
    return RunningGateway.start(directory, yaml, ticker);
  }

  /** A key that was held back rests a second: by the time that the other fails it is fit again. */
  @Test
  void keysHeldBack_slowly_areAskedOnceEach_thenTheRetriesCount() {
    Clock clock = new Clock();
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                clock,
                "retries: { attempts: 1, backoff: 1ms, max_backoff: 1ms, budget: 100% }")) {
      provider
          .on(CHAT)
          .reply(request -> {
            clock.moved.addAndGet(1300);
            return Script.error(429);
          });
      assertThat(gateway.post(CHAT, BODY).statusCode()).isEqualTo(429);
      assertThat(provider.requests()).as("each key, and one retry").hasSize(3);
      assertThat(provider.requests().subList(0, 2))
          .extracting(Received::key)
          .containsExactlyInAnyOrder("k-one", "k-two");
    }
  }

  /** The next target is of the same provider: its keys have had their turn. */
  @Test
  void keysHeldBack_slowly_areNotAskedAnewForTheNextTarget() {
    Clock clock = new Clock();
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, clock, "retries: { attempts: 0 }")) {
      provider
          .on(CHAT)
          .reply(request -> {
            clock.moved.addAndGet(1300);
            return Script.error(429);
          });
      assertThat(gateway.post(CHAT, BODY.replace("gpt-4o-mini", "two")).statusCode())
          .isEqualTo(429);
      assertThat(provider.requests()).as("each key, and the next target").hasSize(3);
    }
  }

  @Test
  void breakerThatOpensBetweenTheTries_leavesTheProvidersOwnError() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            start(
                provider,
                Ticker.system(),
                "retries: { attempts: 5, backoff: 1ms, max_backoff: 1ms, budget: 100% }"
                    + "\n    breaker: { failures: 2, within: 10m, open: 1h }")) {
      provider
          .on(CHAT)
          .reply(Script.json("{\"error\":{\"message\":\"the provider says why\"}}").status(500));
      HttpResponse<String> response = gateway.post(CHAT, BODY);
      assertThat(provider.requests()).hasSize(2);
      assertThat(response.statusCode()).as(response.body()).isEqualTo(502);
      assertThat(response.body()).contains("the provider says why");

      HttpResponse<String> next = gateway.post(CHAT, BODY);
      assertThat(next.statusCode()).isEqualTo(503);
      assertThat(next.body()).contains("breaker open");
      assertThat(next.headers().firstValueAsLong("retry-after").orElse(0)).isGreaterThan(3000);
    }
  }

  /** The everyday answer of clouds: what is missing stands in the provider's words alone. */
  @ParameterizedTest
  @ValueSource(ints = {401, 402, 403})
  void whyAKeyIsRefused_isLogged_withoutSecrets_andNotTold(int status) {
    Clock clock = new Clock();
    Logger logger = (Logger) LoggerFactory.getLogger("io.penstock.server.targets.RestingKeys");
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    String secret = "Zm9vYmFyLXNlY3JldA";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "")
                    .replace("keys: [sk-upstream]", "keys: [" + secret + "]"),
                clock)) {
      String said =
          "\"bedrock:InvokeModel\" is not granted\\nto "
              + secret
              + " (also Zm9vYm****cret, sk-other-12345678): enable it"
              + "!".repeat(2000);
      provider
          .on(CHAT)
          .reply(Script.json("{\"error\":{\"message\":" + Json.quote(said) + "}}").status(status));
      for (int i = 0; i < 3; i++) {
        HttpResponse<String> told = gateway.post(CHAT, BODY);
        assertThat(told.body()).doesNotContain(secret, status == 402 ? "Zzz" : "InvokeModel");
        clock.moved.addAndGet(61_000);
      }

      assertThat(lines.list).hasSize(1);
      String line =
          lines.list.getFirst().getFormattedMessage() + lines.list.getFirst().getKeyValuePairs();
      assertThat(line)
          .contains("status=\"" + status + "\"", "bedrock:InvokeModel", "enable it")
          .doesNotContain(secret, "Zm9vYm", "12345678", "\n")
          .hasSizeLessThan(800);
    } finally {
      logger.detachAppender(lines);
    }
  }

  /** Clients are told to tell whoever runs the gateway: who looks into the log finds which key. */
  @Test
  void keyThatIsRefused_isLogged_onceInTenMinutes() {
    Clock clock = new Clock();
    Logger logger = (Logger) LoggerFactory.getLogger("io.penstock.server.targets.RestingKeys");
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, clock, "retries: { attempts: 0 }")) {
      provider
          .on(CHAT)
          .reply(
              request -> "k-one".equals(request.key()) ? Script.error(401) : Script.json(ANSWER));
      // Keys are drawn by weight, and a conversation keeps its own: each call is another one.
      for (int i = 0; i < 60; i++) {
        String other = BODY.replace("hi", "call " + i);
        assertThat(gateway.post(CHAT, other).statusCode()).isEqualTo(200);
        clock.moved.addAndGet(61_000);
      }

      assertThat(lines.list).hasSizeBetween(2, 7);
      assertThat(lines.list.getFirst().getLevel()).isEqualTo(Level.WARN);
      assertThat(lines.list.getFirst().getKeyValuePairs().toString())
          .contains("key=\"#0\"", "status=\"401\"")
          .doesNotContain("k-one");
    } finally {
      logger.detachAppender(lines);
    }
  }

  @Test
  void redirect_isNotFollowed_andIsLogged_onceInTenMinutes() {
    Clock clock = new Clock();
    Logger logger = (Logger) LoggerFactory.getLogger("io.penstock.server.targets.RestingKeys");
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, clock, "retries: { attempts: 1 }")) {
      String elsewhere = provider.url() + "/elsewhere";
      provider
          .on(CHAT)
          .reply(Script.json("{}").status(307).header("location", elsewhere + "?key=secret"));

      HttpResponse<String> response = gateway.post(CHAT, BODY);

      assertThat(response.statusCode()).isEqualTo(502);
      assertThat(response.body())
          .contains("upstream_error", "\\\"fake\\\" answered 307, a redirect", "base_url")
          .doesNotContain("elsewhere", "malformed");
      assertThat(response.headers().firstValue("x-should-retry")).hasValue("false");
      assertThat(provider.requests()).hasSize(1);
      gateway.post(CHAT, BODY);
      assertThat(lines.list).hasSize(1);
      assertThat(lines.list.getFirst().getKeyValuePairs().toString())
          .contains("provider=\"fake\"", "status=\"307\"", "location=\"" + elsewhere + "\"");
      clock.moved.addAndGet(601_000);
      gateway.post(CHAT, BODY);
      assertThat(lines.list).hasSize(2);
    } finally {
      logger.detachAppender(lines);
    }
  }
}
