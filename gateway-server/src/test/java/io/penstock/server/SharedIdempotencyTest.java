package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.RedisServer;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Two gateways, one Redis: the same Idempotency-Key is one call and one bill. */
@ExtendWith(LeakCheck.class)
class SharedIdempotencyTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String OTHER = CHAT.replace("hi", "ho");
  private static final String STREAM = CHAT.replace("{\"model\"", "{\"stream\":true,\"model\"");
  private static final String ANSWER = "{\"id\":\"gated\",\"choices\":[{}]}";
  private static final String ANY =
      "for _, k in ipairs(redis.call('KEYS', '*idempotency*')) do"
          + " if string.find(k .. redis.call('GET', k), ARGV[1], 1, true) then return 1 end"
          + " end return 0";
  private static final Executor CALLERS = Thread::startVirtualThread;

  @TempDir static Path directory;
  private static final FakeProvider PROVIDER = FakeProvider.start();
  private static RedisServer redis;
  private static RunningGateway one;
  private static RunningGateway two;

  private static RunningGateway gateway(String name, String total) {
    try {
      Path own = Files.createDirectories(directory.resolve(name));
      // Not `state`: budgets that cannot be checked for 75 s refuse calls, and each FLUSHALL of
      // these tests has them begin anew.
      String cache = "cache: { redis: \"%s\" }".formatted(redis.uri());
      String yaml = RunningGateway.yaml(own, PROVIDER, cache).replace("total: 20s", total);
      return RunningGateway.start(own, yaml);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @BeforeAll
  static void start() {
    redis = RedisServer.start();
    one = gateway("one", "total: 20s");
    two = gateway("two", "total: 20s");
    awaitShared("warm");
  }

  @AfterAll
  static void stop() {
    one.close();
    two.close();
    redis.close();
  }

  @BeforeEach
  void forget() {
    redis.command("FLUSHALL");
    awaitShared("ready");
    redis.command("FLUSHALL");
    PROVIDER.reset();
  }

  /** Asks by ever new keys until each gateway knows what the other was answered. */
  private static void awaitShared(String why) {
    Await.until(
        why,
        () -> {
          String key = "shared " + System.nanoTime();
          boolean there = answeredBy(one, key) && route(call(two, key, CHAT)).equals("idempotent");
          return there
              && answeredBy(two, key + "b")
              && route(call(one, key + "b", CHAT)).equals("idempotent");
        });
  }

  private static boolean answeredBy(RunningGateway at, String key) {
    return call(at, key, CHAT).statusCode() == 200;
  }

  private static HttpResponse<String> call(RunningGateway at, String key, String body) {
    return at.post(PATH, body, "Idempotency-Key", key);
  }

  private static CompletableFuture<HttpResponse<String>> later(
      RunningGateway at, String key, String body) {
    return CompletableFuture.supplyAsync(() -> call(at, key, body), CALLERS);
  }

  private static HttpResponse<String> whole(CompletableFuture<HttpResponse<String>> answer)
      throws Exception {
    return answer.get(20, TimeUnit.SECONDS);
  }

  private static String route(HttpResponse<?> response) {
    return header(response, "x-penstock-route");
  }

  private static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  private static void awaitInflight(RunningGateway at, int calls) {
    Await.until(calls + " under way", () -> isInflight(at, calls));
  }

  private static boolean isInflight(RunningGateway at, int calls) {
    return at.admin("/metrics").lines().anyMatch(("penstock_inflight " + calls + ".0")::equals);
  }

  /** Starts a call at the first gateway whose provider waits for the gate. */
  private static CompletableFuture<HttpResponse<String>> gated(Gate gate, String key) {
    PROVIDER.on(PATH).reply(Script.json(ANSWER).pauseBeforeHeaders(gate));
    CompletableFuture<HttpResponse<String>> first = later(one, key, CHAT);
    PROVIDER.awaitRequest(1);
    return first;
  }

  private static double alone(RunningGateway at) {
    return at.admin("/metrics")
        .lines()
        .filter(line -> line.startsWith("penstock_idempotency_alone_total "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
        .sum();
  }

  private static String onlyName() {
    return redis.command("EVAL", "return redis.call('KEYS', '*idempotency*')[1]", "0");
  }

  @Test
  void unary_isReplayedByTheOther_andBilledOnce() {
    HttpResponse<String> first = call(one, "unary", CHAT);
    HttpResponse<String> second = call(two, "unary", CHAT);

    assertThat(second.statusCode()).isEqualTo(200);
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(route(second)).isEqualTo("idempotent");
    assertThat(header(second, "x-penstock-cost-usd")).isEqualTo("0.00");
    assertThat(header(second, "x-penstock-model")).isEqualTo(header(first, "x-penstock-model"));
    assertThat(PROVIDER.requests()).hasSize(1);
    String id = header(second, "x-penstock-request-id");
    assertThat(id).isNotEmpty().isNotEqualTo(header(first, "x-penstock-request-id"));
    assertThat(two.admin("/admin/v1/requests/" + id))
        .contains("replayed")
        .contains("\"cost_usd\":\"0.00\"");
  }

  @Test
  void stream_isReplayedByTheOther_andSaysNoPriceAgain() {
    HttpResponse<String> first = call(one, "stream", STREAM);
    HttpResponse<String> second = call(two, "stream", STREAM);

    assertThat(first.body()).endsWith("data: [DONE]\n\n");
    assertThat(second.body()).isEqualTo(first.body().replaceAll("_usd\":-?[0-9.]+", "_usd\":0.00"));
    assertThat(header(second, "content-type")).startsWith("text/event-stream");
    assertThat(PROVIDER.requests()).hasSize(1);
  }

  @Test
  void whatLiesInRedis_tellsNeitherKeyNorAnswer() {
    String body = call(one, "a-key-to-hide", CHAT).body();
    assertThat(body).contains("word1");
    assertThat(route(call(two, "a-key-to-hide", CHAT))).isEqualTo("idempotent");

    assertThat(redis.command("EVAL", ANY, "0", ":idempotency2:")).isEqualTo("1");
    for (String secret : new String[] {"a-key-to-hide", "word1", "gpt-4o-mini", "engineering"}) {
      assertThat(redis.command("EVAL", ANY, "0", secret)).as(secret).isEqualTo("0");
    }
  }

  @Test
  void inFlight_isJoinedByAllOfTheOther() throws Exception {
    Gate gate = new Gate("answer");
    CompletableFuture<HttpResponse<String>> first = gated(gate, "join");
    CompletableFuture<HttpResponse<String>> second = later(two, "join", CHAT);
    CompletableFuture<HttpResponse<String>> third = later(two, "join", CHAT);
    awaitInflight(two, 2);
    gate.open();

    assertThat(whole(first).body()).startsWith("{\"id\":\"gated\"");
    assertThat(whole(second).body()).isEqualTo(whole(first).body());
    assertThat(whole(third).body()).isEqualTo(whole(first).body());
    assertThat(route(whole(second))).isEqualTo("idempotent");
    assertThat(PROVIDER.requests()).hasSize(1);
  }

  @Test
  void otherBody_isAConflict_inFlightAndAfterwards() throws Exception {
    Gate gate = new Gate("answer");
    CompletableFuture<HttpResponse<String>> first = gated(gate, "reused");
    HttpResponse<String> early = call(two, "reused", OTHER);
    gate.open();
    whole(first);
    HttpResponse<String> late = call(two, "reused", OTHER);

    assertThat(early.statusCode()).isEqualTo(409);
    assertThat(early.body()).contains("idempotency_conflict");
    assertThat(late.statusCode()).isEqualTo(409);
    assertThat(route(call(two, "reused", CHAT))).isEqualTo("idempotent");
    assertThat(PROVIDER.requests()).hasSize(1);
  }

  @Test
  void otherBodyFirst_whileRedisIsAsked_isAConflict_andTheRightOneIsNot() throws Exception {
    boolean asked = false;
    while (!asked) {
      double before = alone(two);
      String key = "wrong first " + System.nanoTime();
      call(one, key, CHAT);
      try (RawClient wrong = RawClient.to(two)) {
        redis.command("CLIENT", "PAUSE", "150", "ALL");
        wrong.send(RawClient.post(PATH, OTHER, "Idempotency-Key: " + key, "Connection: close"));
        HttpResponse<String> right = call(two, key, CHAT);
        String refused = wrong.readToEnd();
        // Else Redis took too long, and whoever came first made the call.
        asked = alone(two) == before;
        if (asked) {
          assertThat(refused).startsWith("HTTP/1.1 409");
          assertThat(right.statusCode()).as(right.body()).isEqualTo(200);
          assertThat(route(right)).isEqualTo("idempotent");
        }
      }
    }
  }

  @Test
  void stop_behindAnAnswer_waitsUntilOthersKnowIt() throws Exception {
    boolean claimed = false;
    while (!claimed) {
      Gate gate = new Gate("answer");
      String key = "last " + System.nanoTime();
      try (RunningGateway leaving = gateway("leaving", "total: 20s")) {
        Await.until(
            "shares",
            () -> {
              String other = "shared " + System.nanoTime();
              return answeredBy(one, other)
                  && route(call(leaving, other, CHAT)).equals("idempotent");
            });
        redis.command("FLUSHALL");
        PROVIDER.reset();
        PROVIDER.on(PATH).reply(Script.json(ANSWER).pauseBeforeHeaders(gate));
        CompletableFuture<HttpResponse<String>> last = later(leaving, key, CHAT);
        PROVIDER.awaitRequest(1);
        // Else Redis was not there in time: it is not told of the answer either.
        claimed = !onlyName().startsWith("-");
        redis.command("CLIENT", "PAUSE", "800", "ALL");
        gate.open();
        assertThat(whole(last).statusCode()).isEqualTo(200);
      }
    }
    assertThat(Long.parseLong(redis.command("PTTL", onlyName()))).isGreaterThan(6_000);
  }

  @Test
  void otherCaller_isAnotherCall() {
    call(one, "common", CHAT);
    HttpResponse<String> others =
        two.post(
            PATH,
            OTHER,
            "Idempotency-Key",
            "common",
            "Authorization",
            "Bearer pk-support",
            "X-Penstock-Metadata",
            "{\"project\":\"p\"}");
    assertThat(others.statusCode()).isEqualTo(200);
    assertThat(PROVIDER.requests()).hasSize(2);
  }

  @Test
  void failure_isNotKept() {
    PROVIDER.on(PATH).reply(Script.error(400));
    assertThat(call(one, "failed", CHAT).statusCode()).isEqualTo(400);
    PROVIDER.reset();
    HttpResponse<String> second = call(two, "failed", CHAT);
    assertThat(second.statusCode()).isEqualTo(200);
    assertThat(route(second)).isNotEqualTo("idempotent");
    assertThat(route(call(one, "failed", CHAT))).isEqualTo("idempotent");
    assertThat(PROVIDER.requests()).hasSize(1);
  }

  @Test
  void failureWhileTheOtherWaits_itMakesTheCall() throws Exception {
    Gate gate = new Gate("failure");
    PROVIDER.on(PATH).first(1).reply(Script.error(400).pauseBeforeHeaders(gate));
    CompletableFuture<HttpResponse<String>> first = later(one, "fails", CHAT);
    PROVIDER.awaitRequest(1);
    CompletableFuture<HttpResponse<String>> second = later(two, "fails", CHAT);
    awaitInflight(two, 1);
    gate.open();

    assertThat(whole(first).statusCode()).isEqualTo(400);
    assertThat(whole(second).statusCode()).isEqualTo(200);
    assertThat(PROVIDER.requests()).hasSize(2);
  }

  @Test
  void ownerIsDead_theOtherMakesTheCallWhenItsClaimEnds() throws Exception {
    leaveClaimOfTheDead("dead");
    CompletableFuture<HttpResponse<String>> second = later(two, "dead", CHAT);
    awaitInflight(two, 1);
    assertThat(PROVIDER.requests()).isEmpty();
    redis.command("PEXPIRE", onlyName(), "50");

    assertThat(whole(second).statusCode()).isEqualTo(200);
    assertThat(PROVIDER.requests()).hasSize(1);
  }

  @Test
  void claim_isForSecondsOnly() throws Exception {
    Gate gate = new Gate("answer");
    CompletableFuture<HttpResponse<String>> first = gated(gate, "lease");
    Await.until("claimed", () -> Long.parseLong(redis.command("PTTL", onlyName())) > 0);
    assertThat(Long.parseLong(redis.command("PTTL", onlyName()))).isLessThanOrEqualTo(6_000);
    gate.open();
    whole(first);
  }

  @Test
  void waiting_endsWithTheLongestTimeOut() throws Exception {
    leaveClaimOfTheDead("long");
    try (RunningGateway hasty = gateway("hasty", "total: 1s")) {
      Await.until(
          "asked Redis",
          () -> {
            HttpResponse<String> answer = call(hasty, "long", CHAT);
            return answer.statusCode() == 504 && answer.body().contains("Idempotency-Key");
          });
    }
  }

  /** Leaves a claim that nobody renews any more. */
  private static void leaveClaimOfTheDead(String key) throws Exception {
    Gate gate = new Gate("answer");
    CompletableFuture<HttpResponse<String>> first = gated(gate, key);
    String name = onlyName();
    redis.command("COPY", name, "saved");
    gate.open();
    whole(first);
    Await.until("answered", () -> Long.parseLong(redis.command("PTTL", name)) > 6_000);
    redis.command("RENAME", "saved", name);
    redis.command("PERSIST", name);
    PROVIDER.reset();
  }

  @Test
  void clientLeaves_whileItWaits_nothingStays() throws Exception {
    Gate gate = new Gate("answer");
    CompletableFuture<HttpResponse<String>> first = gated(gate, "left");
    try (RawClient client = RawClient.to(two)) {
      client.send(RawClient.post(PATH, CHAT, "Idempotency-Key: left"));
      awaitInflight(two, 1);
    }
    awaitInflight(two, 0);
    gate.open();

    assertThat(whole(first).statusCode()).isEqualTo(200);
    assertThat(route(call(two, "left", CHAT))).isEqualTo("idempotent");
    assertThat(PROVIDER.requests()).hasSize(1);
  }

  @Test
  void damagedValue_isTakenForAbsent() {
    call(one, "damaged", CHAT);
    assertThat(route(call(two, "damaged", CHAT))).isEqualTo("idempotent");
    redis.command("SET", onlyName(), "garbage");

    HttpResponse<String> second = call(two, "damaged", CHAT);

    assertThat(second.statusCode()).isEqualTo(200);
    assertThat(PROVIDER.requests()).hasSize(2);
  }

  @Test
  void redisAway_eachIsAlone_andSharesAgainAfterwards() {
    redis.kill();
    try {
      for (RunningGateway cut : new RunningGateway[] {one, two}) {
        double before = alone(cut);
        Await.until(
            "cut off", () -> answeredBy(cut, "cut " + System.nanoTime()) && alone(cut) > before);
      }
      double before = alone(two);
      String key = "away " + System.nanoTime();
      assertThat(call(one, key, CHAT).statusCode()).isEqualTo(200);
      HttpResponse<String> second = call(two, key, CHAT);
      assertThat(second.statusCode()).isEqualTo(200);
      assertThat(route(second)).isNotEqualTo("idempotent");
      assertThat(route(call(two, key, CHAT))).isEqualTo("idempotent");
      assertThat(alone(two)).isGreaterThan(before);
    } finally {
      redis.restart();
    }
    awaitShared("shared again");
  }
}
