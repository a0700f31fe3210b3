package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.RedisServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two gateways, one Redis, one cache. Redis may answer too late on a slow machine, which is a miss,
 * so hits are awaited; {@code only} sees to it that waiting asks nobody upstream.
 */
@ExtendWith(LeakCheck.class)
class SharedCacheFlowTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String ANY_ENTRY_HOLDS =
      "for _, k in ipairs(redis.call('KEYS', '*:e*:*')) do"
          + " if string.find(redis.call('GET', k), ARGV[1], 1, true) then return 1 end"
          + " end return 0";

  @TempDir Path directory;
  private final FakeProvider provider = FakeProvider.start();
  private RedisServer redis;

  @BeforeEach
  void start() {
    redis = RedisServer.start();
  }

  @AfterEach
  void stop() {
    redis.close();
    provider.close();
  }

  private RunningGateway gateway(String name, String redisPart) {
    try {
      Path own = Files.createDirectories(directory.resolve(name));
      return RunningGateway.start(own, RunningGateway.yaml(own, provider, redisPart));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** The cache's own Redis. */
  private RunningGateway gateway(String name) {
    return gateway(name, "cache: { exact: { ttl: 1h }, redis: \"%s\" }".formatted(redis.uri()));
  }

  /** The Redis of the state, with a secret. */
  private RunningGateway gateway(String name, RedisServer at, String secret) {
    return gateway(
        name,
        "state: { redis: \"%s\", secret: \"%s\" }\ncache: { exact: { ttl: 1h } }"
            .formatted(at.uri(), secret));
  }

  private static boolean holds(RunningGateway gateway, String body) {
    HttpResponse<String> response = gateway.post(PATH, body, "X-Penstock-Cache", "only");
    assertThat(response.statusCode()).as(response.body()).isIn(200, 504);
    return response.statusCode() == 200;
  }

  /** Asks the first until the second can tell the answer. */
  private static void awaitShared(RunningGateway first, RunningGateway second, String body) {
    Await.until(
        "the other replica has the answer",
        () -> {
          assertThat(first.post(PATH, body).statusCode()).isEqualTo(200);
          return holds(second, body);
        });
  }

  private static String cacheOf(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.headers().firstValue("x-penstock-cache").orElse("");
  }

  private static HttpResponse<String> delete(RunningGateway gateway, String query) {
    return RunningGateway.send(
        HttpRequest.newBuilder(
                URI.create(
                    "http://127.0.0.1:"
                        + gateway.gateway().adminPort()
                        + "/admin/v1/cache"
                        + query))
            .DELETE()
            .build());
  }

  private void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(redis.pid())).start().waitFor();
  }

  @Test
  void twoGateways_shareAnswers_andADeleteOnOneIsObeyedByTheOther() {
    try (RunningGateway one = gateway("one");
        RunningGateway two = gateway("two")) {
      awaitShared(one, two, CHAT);
      String other = CHAT.replace("hi", "ho");
      Await.until(
          "what one has stored is known to another one that never asked",
          () ->
              one.post(PATH, other).statusCode() == 200
                  && two.explain("chat", other, "{}").contains("\"cache\":\"hit\""));
      awaitShared(two, one, other);

      assertThat(delete(one, "?team=engineering&dry_run=true").body()).contains("\"dropped\":2");
      assertThat(delete(one, "?team=engineering").body()).contains("\"dropped\":2");

      Await.until("the other obeys", () -> !holds(two, CHAT) && !holds(two, other));
      assertThat(holds(one, CHAT)).isFalse();
      awaitShared(one, two, CHAT);
    }
  }

  @Test
  void secret_sealsWhatLiesInRedis_andAnotherSecretSeesMisses() {
    try (RunningGateway one = gateway("one", redis, "first secret");
        RunningGateway two = gateway("two", redis, "first secret");
        RunningGateway three = gateway("three", redis, "another secret");
        RunningGateway open = gateway("open", redis, "")) {
      awaitShared(one, two, CHAT);
      assertThat(redis.command("EVAL", ANY_ENTRY_HOLDS, "0", "Hello word1")).isEqualTo("0");
      assertThat(holds(three, CHAT)).isFalse();
      assertThat(holds(open, CHAT)).isFalse();

      String plain = CHAT.replace("hi", "in the clear");
      Await.until(
          "stored without a secret",
          () -> open.post(PATH, plain).statusCode() == 200 && holds(open, plain));
      assertThat(redis.command("EVAL", ANY_ENTRY_HOLDS, "0", "Hello word1")).isEqualTo("1");
      assertThat(holds(two, plain)).isFalse();
    }
  }

  @Test
  void redisDown_costsMissesOnly_andHitsComeBack() {
    redis.kill();
    try (RunningGateway one = gateway("one");
        RunningGateway two = gateway("two")) {
      assertThat(cacheOf(one.post(PATH, CHAT))).isEqualTo("miss");
      assertThat(cacheOf(one.post(PATH, CHAT))).isEqualTo("miss");
      HttpResponse<String> refused = delete(one, "?all=true");
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.body()).contains("cache_store_unavailable");

      redis.restart();
      awaitShared(one, two, CHAT);

      redis.kill();
      Await.until("cut off", () -> !holds(two, CHAT));
      assertThat(cacheOf(two.post(PATH, CHAT))).isEqualTo("miss");
      redis.restart();
      awaitShared(two, one, CHAT);
    }
  }

  @Test
  void redisHangs_aReplicaThatHearsNothingServesNothing() throws Exception {
    try (RunningGateway one = gateway("one");
        RunningGateway two = gateway("two")) {
      awaitShared(one, two, CHAT);
      signal("STOP");
      try {
        Await.until("cut off", () -> !holds(two, CHAT) && !holds(one, CHAT));
        assertThat(one.admin("/admin/v1/cache")).contains("\"serving\":false");
        assertThat(cacheOf(one.post(PATH, CHAT))).isEqualTo("miss");
        assertThat(cacheOf(two.post(PATH, CHAT.replace("hi", "ho")))).isEqualTo("miss");
      } finally {
        signal("CONT");
      }
      awaitShared(one, two, CHAT);
    }
  }

  @Test
  void redisFullOrEvicting_costsMissesOnly() {
    try (RunningGateway one = gateway("one");
        RunningGateway two = gateway("two")) {
      awaitShared(one, two, CHAT);
      redis.command("CONFIG", "SET", "maxmemory", "1");
      for (int i = 0; i < 20; i++) {
        assertThat(cacheOf(one.post(PATH, CHAT.replace("hi", "full " + i)))).isEqualTo("miss");
      }
      redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-random");
      for (int i = 0; i < 20; i++) {
        assertThat(cacheOf(one.post(PATH, CHAT.replace("hi", "evicted " + i)))).isNotEmpty();
      }
      redis.command("CONFIG", "SET", "maxmemory", "0");
      awaitShared(one, two, CHAT.replace("hi", "room again"));
    }
  }

  @Test
  void ageOfASharedAnswer_isThatOfItsMaking() {
    try (RunningGateway one = gateway("one");
        RunningGateway two = gateway("two")) {
      awaitShared(one, two, CHAT);
      long made = System.currentTimeMillis();
      Await.until("a second old", () -> System.currentTimeMillis() > made + 1_000);
      Await.until(
          "the age counts from the making",
          () ->
              two.post(PATH, CHAT, "X-Penstock-Cache", "only")
                  .headers()
                  .firstValue("age")
                  .map(age -> Integer.parseInt(age) >= 1)
                  .orElse(false));
    }
  }
}
