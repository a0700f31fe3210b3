package io.penstock.server.call.idempotency;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.penstock.cache.RedisConnector;
import io.penstock.cache.RedisLink;
import io.penstock.server.call.idempotency.Idempotency.Stored;
import io.penstock.server.call.idempotency.SharedAnswers.Away;
import io.penstock.server.call.idempotency.SharedAnswers.Claim;
import io.penstock.server.call.idempotency.SharedAnswers.Found;
import io.penstock.server.call.idempotency.SharedAnswers.Ours;
import io.penstock.server.call.idempotency.SharedAnswers.Theirs;
import io.penstock.server.upstream.Transport;
import io.penstock.testkit.Await;
import io.penstock.testkit.Gate;
import io.penstock.testkit.RedisServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Claims and answers of replicas in a real Redis, without their gateways. */
final class SharedAnswersTest {
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Duration LONG = Duration.ofHours(1);
  private static final AnswerSeal SEAL = new AnswerSeal("ns", "");

  private static RedisServer redis;
  private static RedisConnector connector;
  private static RedisLink link;

  private SharedAnswers one;
  private SharedAnswers two;

  @BeforeAll
  static void start() {
    redis = RedisServer.start();
    connector = RedisConnector.to(List.of(redis.uri()));
    link = connector.link();
    Await.until("connected", () -> link.commands() != null);
    // The first script and the first cipher of a process take longer than a call waits.
    Await.until(
        "warm",
        () -> take(new SharedAnswers(link, SEAL, LONG).claim("warm", "b")) instanceof Theirs);
  }

  @AfterAll
  static void stop() {
    connector.close();
    redis.close();
  }

  @BeforeEach
  void replicas() {
    one = new SharedAnswers(link, SEAL, LONG);
    two = new SharedAnswers(link, new AnswerSeal("ns", ""), LONG);
  }

  private static Found take(Claim claim) {
    return claim.take().toCompletableFuture().join();
  }

  private static Stored answer(String text) {
    return new Stored(
        "body",
        200,
        new DefaultHttpHeaders().add("x-a", "b"),
        text.getBytes(StandardCharsets.UTF_8));
  }

  private static String name(String key) {
    return new String(SEAL.name(key), StandardCharsets.UTF_8);
  }

  private static long leftMillis(String key) {
    return Long.parseLong(redis.command("PTTL", name(key)));
  }

  private static boolean isClaimedBy(Found found) {
    return found instanceof Theirs(AnswerSeal.Opened what) && what.answer() == null;
  }

  @Test
  void claim_isOnes_untilItsAnswerIsThere() {
    Claim mine = one.claim("answered", "body");
    assertThat(take(mine)).isInstanceOf(Ours.class);
    assertThat(take(two.claim("answered", "other")))
        .isEqualTo(new Theirs(new AnswerSeal.Opened("body", null)));

    mine.end(answer("Hello"));

    Await.until("answered", () -> !isClaimedBy(take(two.claim("answered", "body"))));
    Theirs found = (Theirs) take(two.claim("answered", "body"));
    Stored answer = Objects.requireNonNull(found.what().answer());
    assertThat(answer.bytes()).asString().isEqualTo("Hello");
    assertThat(answer.headers().get("x-a")).isEqualTo("b");
    assertThat(leftMillis("answered"))
        .isBetween(TimeUnit.HOURS.toMillis(23), TimeUnit.HOURS.toMillis(24));
    assertThat(one.alone() + two.alone()).isZero();
  }

  @Test
  void claim_withoutAnAnswer_isFreeAtOnce() {
    Claim mine = one.claim("failed", "body");
    take(mine);

    mine.end(null);

    Await.until("free", () -> take(two.claim("failed", "body")) instanceof Ours);
  }

  @Test
  void answer_thatTakesTooMuchRoom_isNotKept_andItsKeyIsFree() {
    byte[] noise = new byte[SharedAnswers.MOST_SEALED];
    new SplittableRandom(7).nextBytes(noise);
    Claim mine = one.claim("large", "body");
    take(mine);

    mine.end(new Stored("body", 200, new DefaultHttpHeaders(), noise));
    one.close();

    assertThat(take(two.claim("large", "body"))).isInstanceOf(Ours.class);
    assertThat(one.alone()).isEqualTo(1);
  }

  @Test
  void end_ofWhoDoesNotOwnIt_changesNothing() {
    take(one.claim("owned", "body"));

    two.claim("owned", "body").end(answer("stranger"));
    Await.until("refused", () -> two.alone() == 1);

    assertThat(isClaimedBy(take(two.claim("owned", "body")))).isTrue();
    two.claim("owned", "body").end(null);
    take(two.claim("owned", "body"));
    assertThat(isClaimedBy(take(two.claim("owned", "body")))).isTrue();
  }

  @Test
  void owner_dies_itsClaimEnds() {
    take(new SharedAnswers(link, SEAL, SHORT).claim("dead", "body"));

    Await.until("free", () -> take(two.claim("dead", "body")) instanceof Ours);
  }

  @Test
  void owner_lives_itsClaimIsRenewed_andTakenAgainWhenRedisLostIt() {
    EventLoopGroup group = Transport.NIO.newGroup(1, "loop");
    try {
      Claim mine = new SharedAnswers(link, SEAL, SHORT).claim("alive", "body");
      take(mine);
      redis.command("PEXPIRE", name("alive"), "1000000");
      mine.hold(group.next());

      Await.until("renewed", () -> leftMillis("alive") <= SHORT.toMillis());
      redis.command("DEL", name("alive"));
      Await.until("taken again", () -> leftMillis("alive") > 0);

      mine.end(null);
      Await.until("ended", () -> take(two.claim("alive", "body")) instanceof Ours);
      assertThat(leftMillis("alive")).isGreaterThan(SHORT.toMillis());
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }

  @Test
  void damagedOrForeignValue_isTakenForAbsent() {
    redis.command("SET", name("damaged"), "garbage");
    take(one.claim("source", "body"));
    redis.command("COPY", name("source"), name("foreign"));

    assertThat(take(one.claim("damaged", "body"))).isInstanceOf(Ours.class);
    assertThat(isClaimedBy(take(two.claim("damaged", "body")))).isTrue();
    assertThat(take(one.claim("foreign", "body"))).isInstanceOf(Ours.class);
    assertThat(isClaimedBy(take(two.claim("foreign", "body")))).isTrue();
  }

  @Test
  void redisAway_isSaidAtOnce_andCounted() {
    SharedAnswers cut = new SharedAnswers(() -> null, SEAL, LONG);
    Claim claim = cut.claim("away", "body");

    assertThat(take(claim)).isInstanceOf(Away.class);
    assertThat(cut.alone()).isEqualTo(1);
    claim.end(null);
    claim.end(answer("Hello"));
    Await.until("counted", () -> cut.alone() == 2);
  }

  @Test
  void redisSlow_isAway_andWhatItGrantsTooLateIsGivenBack() {
    redis.command("CLIENT", "PAUSE", "600");

    assertThat(take(one.claim("slow", "body"))).isInstanceOf(Away.class);
    assertThat(one.alone()).isEqualTo(1);

    Await.until("given back", () -> take(two.claim("slow", "body")) instanceof Ours);
  }

  /** Closes it on a thread of its own, which is known to wait. */
  private static Thread closing(SharedAnswers answers) {
    Thread stop = Thread.ofPlatform().start(answers::close);
    Await.until("waits", () -> stop.getState() == Thread.State.TIMED_WAITING || !stop.isAlive());
    assertThat(stop.isAlive()).as("closed before the answer was in redis").isTrue();
    return stop;
  }

  @Test
  void close_waitsUntilTheLastAnswerIsInRedis() throws Exception {
    Gate line = new Gate("line to redis");
    AtomicBoolean slow = new AtomicBoolean();
    SharedAnswers stopping =
        new SharedAnswers(
            () -> {
              if (slow.get()) {
                line.pass();
              }
              return link.commands();
            },
            SEAL,
            LONG);
    Claim last = stopping.claim("last", "body");
    take(last);
    slow.set(true);
    last.end(answer("Hello"));

    Thread stop = closing(stopping);
    line.open();
    stop.join();

    assertThat(leftMillis("last")).isGreaterThan(LONG.toMillis());
  }

  @Test
  void close_waitsForCallsThatStillHoldTheirKeys() throws Exception {
    EventLoopGroup group = Transport.NIO.newGroup(1, "loop");
    try {
      Claim held = one.claim("held", "body");
      take(held);
      held.hold(group.next());

      Thread stop = closing(one);
      held.end(null);
      stop.join();

      assertThat(take(two.claim("held", "body"))).isInstanceOf(Ours.class);
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }

  @Test
  void close_endsAfterItsTime_whateverIsLeft() {
    Gate never = new Gate("line to redis");
    SharedAnswers stopping =
        new SharedAnswers(
            () -> {
              never.pass();
              return null;
            },
            SEAL,
            LONG);
    stopping.claim("stuck", "body").end(answer("Hello"));

    stopping.close(SHORT);

    assertThat(never.isOpen()).isFalse();
    never.open();
  }
}
