package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.LoopWatch;
import io.penstock.testkit.RedisServer;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The semantic cache over a Redis that is full, slow, evicting, away, or new to a replica. */
@ExtendWith(LeakCheck.class)
class SharedSemanticFlowTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"s[::-1]\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";
  private static final String QUESTION = "How do I reverse a string in Python?";
  private static final String OTHER_WORDS = "How can I reverse a string in Python?";
  private static final Pattern CHECKED = Pattern.compile("\"checked\":(\\d+)");
  private static final Pattern VECTORS = Pattern.compile("\"vectors\":(\\d+)");

  /** Vectors of a partition that nobody asks, as another replica would have published them. */
  private static final String PUBLISH =
      "for i = 1, tonumber(ARGV[1]) do"
          + " redis.call('XADD', KEYS[1], '*', 'v', string.rep('0', 64)"
          + " .. string.format('%064x', i) .. 'b' .. string.rep(string.char(i % 127 + 1), 384))"
          + " end return 1";

  @TempDir Path directory;
  private final FakeProvider provider = FakeProvider.start();
  private RedisServer redis;

  @BeforeEach
  void start() {
    redis = RedisServer.start();
    provider.on(PATH).reply(Script.json(ANSWER));
  }

  @AfterEach
  void stop() {
    redis.close();
    provider.close();
  }

  private RunningGateway gateway(String name, String verify) {
    String cache =
        "cache: { semantic: { ttl: 6h, max_false_hits: 3%%, verify: %s }, redis: \"%s\" }"
            .formatted(verify, redis.uri());
    try {
      Path own = Files.createDirectories(directory.resolve(name));
      return RunningGateway.start(own, RunningGateway.yaml(own, provider, cache));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String ask(RunningGateway gateway, String text, String... headers) {
    String body =
        "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
            .formatted(text);
    HttpResponse<String> response = gateway.post(PATH, body, headers);
    boolean only = headers.length > 0;
    assertThat(response.statusCode()).as(response.body()).isIn(200, only ? 504 : 200);
    return response.headers().firstValue("x-penstock-cache").orElse("");
  }

  private static boolean knows(RunningGateway gateway, String text) {
    return ask(gateway, text, "X-Penstock-Cache", "only").equals("semantic");
  }

  private static int vectors(RunningGateway gateway) {
    Matcher matcher = VECTORS.matcher(gateway.admin("/admin/v1/cache"));
    assertThat(matcher.find()).isTrue();
    return Integer.parseInt(matcher.group(1));
  }

  /**
   * Has the first answer anew until the second knows the answer. Redis may be slow or just back,
   * which is a miss, or an answer that only the first has stored.
   */
  private static void awaitShared(RunningGateway first, RunningGateway second) {
    Await.until(
        "the other replica has the answer",
        () -> {
          ask(first, QUESTION, "X-Penstock-Cache", "refresh");
          return knows(second, OTHER_WORDS);
        });
  }

  @Test
  void redisFullEvictingSlowOrDown_costsMissesOnly() {
    try (RunningGateway one = gateway("one", "0%")) {
      redis.command("CONFIG", "SET", "maxmemory", "1");
      for (int i = 0; i < 5; i++) {
        assertThat(ask(one, "Which colour has number " + i + "?")).isEqualTo("miss");
      }
      redis.command("CONFIG", "SET", "maxmemory", "0");
      awaitShared(one, one);

      redis.command(
          "EVAL",
          "for _, k in ipairs(redis.call('KEYS', '*:e*:*')) do redis.call('DEL', k) end return 1",
          "0");
      try (RunningGateway two = gateway("two", "0%")) {
        Await.until("the index is there", () -> vectors(two) > 0);
        // What was evicted is proposed, and found to be gone.
        assertThat(knows(two, OTHER_WORDS)).isFalse();
        awaitShared(two, one);

        redis.command("CLIENT", "PAUSE", "600", "ALL");
        assertThat(ask(two, "What does a paused store cost?")).isEqualTo("miss");
        awaitShared(one, two);

        redis.kill();
        Await.until("cut off", () -> !knows(two, OTHER_WORDS));
        assertThat(ask(two, QUESTION)).isEqualTo("miss");
        redis.restart();
        awaitShared(two, one);
      }
    }
  }

  @Test
  void indexRebuiltUnderLoad_answersAllTheWhile_andKnowsEverythingInTheEnd() {
    try (RunningGateway one = gateway("one", "0%")) {
      awaitShared(one, one);
      int before = vectors(one);
      redis.command("EVAL", PUBLISH, "1", "penstock:cache:vectors:1", "5000");
      try (RunningGateway two = gateway("two", "0%")) {
        List<CompletableFuture<Void>> load =
            IntStream.range(0, 2)
                .mapToObj(i ->
                    CompletableFuture.runAsync(
                        () ->
                            Await.until(
                                "a rebuilt index",
                                Duration.ofSeconds(60),
                                () -> {
                                  assertThat(ask(two, "Is " + i + " even?")).isNotEmpty();
                                  return vectors(two) >= before + 5_000;
                                }),
                        Thread::startVirtualThread))
                .toList();
        load.forEach(CompletableFuture::join);
        Await.until("the answer", () -> knows(two, OTHER_WORDS));
      }
    }
  }

  @Test
  void restart_keepsTheAnswers_andWhatChecksHaveShown() {
    double made;
    try (RunningGateway before = gateway("one", "100%")) {
      awaitShared(before, before);
      Await.until(
          "a check",
          () -> ask(before, OTHER_WORDS).equals("semantic") && checks(before) == hits(before));
      made = checks(before);
      assertThat(made).isPositive();
      assertThat(checked(before)).isEqualTo(made);
      assertThat(before.admin("/metrics"))
          .contains(
              "penstock_cache_wrong_ratio{bound=\"estimate\",route=\"gpt-4o-mini\","
                  + "rule=\"semantic[0]\"} 0.0");
    }
    try (RunningGateway after = gateway("one", "100%")) {
      assertThat(checked(after)).isEqualTo(made);
      Await.until("what was stored", () -> ask(after, OTHER_WORDS).equals("semantic"));
      Await.until("a check", () -> checks(after) == hits(after));
      assertThat(checked(after)).isEqualTo(made + checks(after));
    }
  }

  /** Returns how many checks the rule knows of. */
  private static double checked(RunningGateway gateway) {
    Matcher matcher = CHECKED.matcher(gateway.admin("/admin/v1/cache"));
    assertThat(matcher.find()).isTrue();
    return Double.parseDouble(matcher.group(1));
  }

  private static double checks(RunningGateway gateway) {
    return metric(gateway, "penstock_cache_checks_total{result=\"right\"} ");
  }

  private static double hits(RunningGateway gateway) {
    return metric(gateway, "penstock_cache_requests_total{layer=\"semantic\",result=\"hit\"} ");
  }

  private static double metric(RunningGateway gateway, String name) {
    return gateway
        .admin("/metrics")
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
        .sum();
  }

  @Test
  void lookUpsStoresAndChecks_neverMakeALoopWait() {
    try (RunningGateway one = gateway("one", "100%")) {
      awaitShared(one, one);
      LoopWatch watch = new LoopWatch().start();
      List<CompletableFuture<Void>> load =
          IntStream.range(0, 8)
              .mapToObj(i ->
                  CompletableFuture.runAsync(
                      () -> {
                        for (int n = 0; n < 20; n++) {
                          ask(one, n % 2 == 0 ? OTHER_WORDS : "What is " + i + " plus " + n + "?");
                        }
                      },
                      Thread::startVirtualThread))
              .toList();
      load.forEach(CompletableFuture::join);
      assertThat(watch.stop())
          .filteredOn(wait -> wait.contains("io.penstock.cache.") || wait.contains(".call."))
          // A thread may lose its processor while it holds a queue; what waits does so each time.
          .hasSizeLessThan(8);
    }
  }
}
