package io.penstock.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.penstock.core.Ticker;
import io.penstock.testkit.Await;
import io.penstock.testkit.RedisServer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Stores that wait a little and travel together, to a real Redis. */
final class StoreQueueTest {
  private static final Ticker TIME = Ticker.system();
  private static final int MOST = 100;
  private static final CacheScope OTHER = new CacheScope(CacheScope.Kind.TEAM, "other");

  private static RedisServer server;
  private static RedisClient client;
  private static StatefulRedisConnection<byte[], byte[]> connection;

  private final Deque<Runnable> soon = new ArrayDeque<>();
  private final Deque<Runnable> background = new ArrayDeque<>();
  private final List<CacheEntry> taken = new CopyOnWriteArrayList<>();
  private RedisTier tier;
  private StoreQueue queue;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    client = RedisClient.create(server.uri());
    connection = client.connect(ByteArrayCodec.INSTANCE);
  }

  @AfterAll
  static void stop() {
    client.shutdown(0, 0, TimeUnit.SECONDS);
    server.close();
  }

  @BeforeEach
  void empty() {
    connection.sync().flushall();
    connection.sync().configResetstat();
    tier = new RedisTier(connection::async, new EntryCodec(null, 1 << 20), "t", TIME);
    queue = new StoreQueue(tier, new ExactCache.Threads(soon::add, background::add), MOST);
  }

  private long generation(CacheScope scope) {
    return tier.lookup(List.of(Samples.key("q")), scope).toCompletableFuture().join().generation();
  }

  private static CacheEntry entry(int i, CacheScope scope, String body) {
    return Samples.entry(Samples.key("q" + i), scope, TIME.epochMillis(), body);
  }

  private boolean holds(CacheEntry entry) {
    CacheEntry.Identity identity = entry.identity();
    return tier.lookup(List.of(identity.key()), identity.scope())
            .toCompletableFuture()
            .join()
            .entry(0)
        != null;
  }

  private void runAll(Deque<Runnable> tasks) {
    while (!tasks.isEmpty()) {
      tasks.poll().run();
    }
  }

  @Test
  void storesOfAMoment_areOneTaskAndOneScriptPerScope() {
    long here = generation(Samples.TEAM);
    long there = generation(OTHER);
    for (int i = 0; i < 30; i++) {
      CacheScope scope = i % 3 == 0 ? OTHER : Samples.TEAM;
      queue.add(entry(i, scope, "a"), scope.equals(OTHER) ? there : here, taken::add);
    }
    assertThat(soon).hasSize(1);
    String before = server.command("INFO", "commandstats");
    runAll(soon);
    Await.until("all are stored", () -> taken.size() == 30);

    assertThat(taken).allSatisfy(stored -> assertThat(holds(stored)).isTrue());
    assertThat(before).doesNotContain("cmdstat_set:");
    assertThat(server.command("INFO", "commandstats")).contains("cmdstat_set:calls=30,");
    // The first of a script that Redis does not know is sent whole once more.
    assertThat(calls("evalsha") - 32).isLessThanOrEqualTo(4);
  }

  private static long calls(String command) {
    String stats = server.command("INFO", "commandstats");
    String mark = "cmdstat_" + command + ":calls=";
    int at = stats.indexOf(mark) + mark.length();
    return Long.parseLong(stats.substring(at, stats.indexOf(',', at)));
  }

  @Test
  void whoLooksForOneThatIsUnderWay_sendsItAndWaits() {
    long now = generation(Samples.TEAM);
    CacheEntry entry = entry(1, Samples.TEAM, "a");
    CacheEntry large = entry(2, Samples.TEAM, "long ".repeat(2_000));
    assertThat(queue.hurry(List.of(Samples.key("q1")))).isNull();
    queue.add(entry, now, taken::add);
    queue.add(large, now, taken::add);
    assertThat(queue.hurry(List.of(Samples.key("q3")))).isNull();
    assertThat(taken).isEmpty();

    // The timer has not rung.
    stored(queue.hurry(List.of(Samples.key("q3"), Samples.key("q1"))));
    assertThat(taken).containsExactly(entry);
    assertThat(queue.hurry(List.of(Samples.key("q2")))).as("not encoded yet").isNull();
    runAll(background);
    stored(queue.hurry(List.of(Samples.key("q2"))));

    assertThat(taken).containsExactly(entry, large);
    assertThat(queue.hurry(List.of(Samples.key("q1"), Samples.key("q2")))).isNull();
  }

  @Test
  void whoLooksForOneThatCannotBeStored_doesNotWaitForEver() {
    CacheEntry dead = Samples.entry(Samples.key("d"), TIME.epochMillis() - 2 * Samples.HOUR, "d");
    queue.add(dead, generation(Samples.TEAM), taken::add);
    stored(queue.hurry(List.of(Samples.key("d"))));
    assertThat(taken).isEmpty();
  }

  private static void stored(@Nullable CompletionStage<Void> stores) {
    Objects.requireNonNull(stores).toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }

  @Test
  void asManyAsOneScriptTakes_goAtOnce() {
    long now = generation(Samples.TEAM);
    for (int i = 0; i < 32; i++) {
      queue.add(entry(i, Samples.TEAM, "a"), now, taken::add);
    }
    Await.until("all are stored before the timer rings", () -> taken.size() == 32);
  }

  @Test
  void oneOfAnOlderGenerationOrDead_isLeftOut_theRestAreStored() {
    long now = generation(Samples.TEAM);
    CacheEntry dead = Samples.entry(Samples.key("d"), TIME.epochMillis() - 2 * Samples.HOUR, "d");
    queue.add(entry(1, Samples.TEAM, "a"), now, taken::add);
    queue.add(entry(2, Samples.TEAM, "b"), now - 1, taken::add);
    queue.add(dead, now, taken::add);
    queue.add(entry(3, Samples.TEAM, "c"), now, taken::add);
    runAll(soon);
    Await.until("two are stored", () -> taken.size() == 2);

    assertThat(holds(entry(2, Samples.TEAM, "b"))).isFalse();
    assertThat(holds(dead)).isFalse();
    assertThat(taken).allSatisfy(stored -> assertThat(holds(stored)).isTrue());
  }

  @Test
  void moreThanMayBeUnderWay_areDropped_andPlacesComeBack() {
    long now = generation(Samples.TEAM);
    // Fewer than go at once, which would make room.
    int most = 10;
    StoreQueue small =
        new StoreQueue(tier, new ExactCache.Threads(soon::add, background::add), most);
    for (int i = 0; i < most + 5; i++) {
      small.add(entry(i, Samples.TEAM, "a"), now, taken::add);
    }
    runAll(soon);
    Await.until("what fitted is stored", () -> taken.size() == most);
    small.add(entry(500, Samples.TEAM, "a"), now, taken::add);
    runAll(soon);
    Await.until("there is room again", () -> taken.size() == most + 1);
  }

  @Test
  void largeOnes_takeMorePlaces() {
    long now = generation(Samples.TEAM);
    StoreQueue small = new StoreQueue(tier, new ExactCache.Threads(soon::add, Runnable::run), 10);
    String large = "word ".repeat((4 * 16 << 10) / 5);
    for (int i = 0; i < 4; i++) {
      small.add(entry(i, Samples.TEAM, large), now, taken::add);
    }
    runAll(soon);
    Await.until("two of 64 KiB are stored", () -> taken.size() == 2);
    small.add(entry(500, Samples.TEAM, large), now, taken::add);
    runAll(soon);
    Await.until("there is room again", () -> taken.size() == 3);
  }

  @Test
  void aLargeOne_isCompressedInTheBackground_thenTravelsWithTheOthers() {
    long now = generation(Samples.TEAM);
    queue.add(entry(1, Samples.TEAM, "long ".repeat(2_000)), now, taken::add);
    assertThat(soon).isEmpty();
    queue.add(entry(2, Samples.TEAM, "short"), now, taken::add);
    runAll(background);
    assertThat(soon).hasSize(1);
    runAll(soon);
    Await.until("both are stored", () -> taken.size() == 2);
  }

  @Test
  void whereNothingRunsLater_itGoesAtOnce() {
    long now = generation(Samples.TEAM);
    StoreQueue closing =
        new StoreQueue(
            tier,
            new ExactCache.Threads(
                task -> {
                  throw new RejectedExecutionException("closing");
                },
                Runnable::run),
            MOST);
    closing.add(entry(1, Samples.TEAM, "a"), now, taken::add);
    Await.until("stored", () -> taken.size() == 1);
  }
}
