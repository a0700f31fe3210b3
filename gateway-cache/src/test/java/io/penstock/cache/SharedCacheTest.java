package io.penstock.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.penstock.core.Ticker;
import io.penstock.testkit.RedisServer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two replicas on one real Redis. */
final class SharedCacheTest {
  private static final CacheKey KEY = Samples.key("q");
  private static final Ticker TIME = Ticker.system();

  private static RedisServer server;
  private static RedisClient client;
  private static StatefulRedisConnection<byte[], byte[]> connection;

  private ExactCache one;
  private ExactCache two;

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
  void replicas() {
    connection.sync().flushall();
    one = replica("s1", TIME);
    two = replica("s1", TIME);
  }

  @AfterEach
  void close() {
    one.close();
    two.close();
  }

  /**
   * Stores are sent at once and over the tests' own connection, so what a test sends comes after.
   */
  private static ExactCache replica(String secret, Ticker ticker) {
    ExactCache replica =
        ExactCache.shared(
            new ExactCache.SharedSettings("t", secret, 1_000_000, 1_000_000),
            new ExactCache.Links(
                connection::async,
                connection::async,
                client.connect(ByteArrayCodec.INSTANCE)::async),
            new ExactCache.Threads(Runnable::run, Runnable::run),
            ticker);
    await(replica::isServing);
    return replica;
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited 20 s").isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static ExactCache.Lookup look(ExactCache cache) {
    return cache.shared(KEY, Samples.TEAM, Samples.HOUR).toCompletableFuture().join();
  }

  /** Stores until it holds: a delete that is still on its way to this replica drops a store. */
  private void stored(String body) {
    CacheEntry entry = Samples.entry(KEY, TIME.epochMillis(), body);
    await(() -> {
      CacheEntry held = one.local(KEY, Samples.TEAM, Samples.HOUR);
      if (held == null) {
        one.store(look(one).ticket(), entry);
        return false;
      }
      assertThat(held.body()).isEqualTo(entry.body());
      return true;
    });
  }

  private static byte[] entryKey() {
    return raw().keys("t:cache:*:e*:*").getFirst();
  }

  private static RedisCommands<byte[], byte[]> raw() {
    return connection.sync();
  }

  @Test
  void shared_storeThatRedisDoesNotAnswer_isWaitedForAsLongAsALookUp() {
    stored("a");
    CacheEntry next = Samples.entry(KEY, TIME.epochMillis(), "b");
    ExactCache.Ticket ticket = look(one).ticket();
    server.command("CLIENT", "PAUSE", "60000", "WRITE");
    try {
      one.store(ticket, next);
      // The connection's own time-out is a minute, so that each of both waits would last too long.
      ExactCache.Lookup late =
          one.shared(KEY, Samples.TEAM, Samples.HOUR)
              .toCompletableFuture()
              .orTimeout(20, TimeUnit.SECONDS)
              .join();
      assertThat(late.entry()).isNull();
      assertThat(one.isCertain(late)).isFalse();
    } finally {
      server.command("CLIENT", "UNPAUSE");
    }
    await(() -> {
      CacheEntry held = look(one).entry();
      return held != null && held.body()[0] == 'b';
    });
  }

  @Test
  void shared_otherReplicasEntry_isFoundWhole() {
    String body = "{\"text\":\"" + "long answer ".repeat(1_000) + "\"}";
    stored(body);

    CacheEntry found = look(two).entry();

    assertThat(found).isNotNull();
    assertThat(new String(found.body(), StandardCharsets.UTF_8)).isEqualTo(body);
    assertThat(found.paid()).isEqualTo(Samples.entry(KEY, 0, body).paid());
    byte[] stored = raw().get(entryKey());
    assertThat(stored.length).isLessThan(body.length() / 4);
    assertThat(new String(stored, StandardCharsets.ISO_8859_1)).doesNotContain("long answer");
  }

  @Test
  void shared_anyByteChanged_isAMiss() {
    stored("{\"answer\":42}");
    byte[] key = entryKey();
    byte[] good = raw().get(key);
    Random random = new Random(3);
    for (int i = 0; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= (byte) (1 + random.nextInt(255));
      raw().set(key, bad);
      assertThat(look(two).entry()).as("byte %d", i).isNull();
    }
    raw().set(key, good);
    assertThat(look(two).entry()).isNotNull();
  }

  @Test
  void shared_changedSecretOrMovedEntry_isAMiss() {
    stored("a");
    byte[] good = raw().get(entryKey());
    try (ExactCache other = replica("s2", TIME);
        ExactCache open = replica("", TIME)) {
      assertThat(look(other).entry()).isNull();
      assertThat(look(open).entry()).isNull();
    }
    CacheScope sales = new CacheScope(CacheScope.Kind.TEAM, "sales");
    two.shared(KEY, sales, Samples.HOUR).toCompletableFuture().join();
    for (byte[] scope : raw().keys("t:cache:*:s")) {
      String prefix = new String(scope, StandardCharsets.US_ASCII);
      String moved =
          prefix.substring(0, prefix.length() - 1) + "e" + EntryCodec.VERSION + ":" + KEY.id();
      raw().set(moved.getBytes(StandardCharsets.US_ASCII), good);
    }
    assertThat(two.shared(KEY, sales, Samples.HOUR).toCompletableFuture().join().entry()).isNull();
  }

  @Test
  void otherVersionsOnOneRedis_neitherReadNorOverwritten_butDeletedWithTheRest() {
    stored("a");
    String own = new String(entryKey(), StandardCharsets.US_ASCII);
    List<byte[]> others = new ArrayList<>();
    for (String version : new String[] {":e:", ":e2:", ":e10:"}) {
      byte[] key =
          own.replace(":e" + EntryCodec.VERSION + ":", version).getBytes(StandardCharsets.US_ASCII);
      raw().set(key, new byte[] {9, 'x'});
      others.add(key);
    }
    raw().del(own.getBytes(StandardCharsets.US_ASCII));
    assertThat(look(two).entry()).isNull();
    two.store(look(two).ticket(), Samples.entry(KEY, TIME.epochMillis(), "b"));
    await(() -> look(one).entry() != null);
    assertThat(others).allSatisfy(key -> assertThat(raw().get(key)).containsExactly(9, 'x'));

    // Nobody knows what an unknown header says, and whoever reads it must obey too.
    Invalidation model = new Invalidation(null, null, null, "other", null, null, null);
    assertThat(one.invalidate(model).toCompletableFuture().join()).hasSize(3);
    assertThat(others).allSatisfy(key -> assertThat(raw().get(key)).isNull());
    assertThat(look(two).entry()).isNotNull();
  }

  @Test
  void store_deletedMeanwhileByAnotherReplica_isDropped() {
    ExactCache.Ticket before = look(one).ticket();
    assertThat(two.invalidate(Invalidation.all()).toCompletableFuture().join()).isEmpty();

    one.store(before, Samples.entry(KEY, TIME.epochMillis(), "a"));
    stored("b");

    CacheEntry found = look(two).entry();
    assertThat(found).isNotNull();
    assertThat(found.body()).containsExactly('b');
  }

  @Test
  void invalidate_onOneReplica_theOtherObeys() {
    stored("a");
    look(two);
    assertThat(two.local(KEY, Samples.TEAM, Samples.HOUR)).isNotNull();
    Invalidation model = new Invalidation(null, null, null, "gpt", null, null, null);

    assertThat(one.dryRun(model).toCompletableFuture().join()).containsExactly(KEY.id());
    List<String> gone = one.invalidate(model).toCompletableFuture().join();

    assertThat(gone).containsExactly(KEY.id());
    await(() -> two.local(KEY, Samples.TEAM, Samples.HOUR) == null);
    assertThat(look(two).entry()).isNull();
  }

  @Test
  void shared_evictedScopeRecord_isColdNotStale() {
    stored("a");
    for (byte[] scope : raw().keys("t:cache:*:s")) {
      raw().del(scope);
    }

    assertThat(look(two).entry()).isNull();
  }

  @Test
  void isServing_deafReplica_servesNothing() {
    Samples.FakeTime time = new Samples.FakeTime();
    try (ExactCache deaf = replica("s1", time)) {
      deaf.store(look(deaf).ticket(), Samples.entry(KEY, time.epochMillis(), "a"));
      await(() -> deaf.local(KEY, Samples.TEAM, Samples.HOUR) != null);

      raw().clientPause(1_000);
      time.advanceMillis(1_001);

      assertThat(deaf.isServing()).isFalse();
      assertThat(deaf.local(KEY, Samples.TEAM, Samples.HOUR)).isNull();
      assertThat(look(deaf).entry()).isNull();
      await(deaf::isServing);
      assertThat(deaf.local(KEY, Samples.TEAM, Samples.HOUR)).isNull();
    }
  }

  @Test
  void shared_damagedScopeRecord_isAMissThatFailsNothing() {
    stored("a");
    byte[] record = raw().keys("t:cache:*:s").getFirst();
    for (String field : new String[] {"gen", "floor"}) {
      byte[] name = field.getBytes(StandardCharsets.US_ASCII);
      byte[] before = raw().hget(record, name);
      for (String value : new String[] {"", "x", "99999999999999999999", "1e3"}) {
        raw().hset(record, name, value.getBytes(StandardCharsets.US_ASCII));
        assertThat(look(two).entry()).as("%s %s", field, value).isNull();
        two.store(look(two).ticket(), Samples.entry(KEY, TIME.epochMillis(), "b"));
      }
      raw().hset(record, name, before);
    }
    raw().hset(record, new byte[] {'g', 'e', 'n'}, new byte[] {'x'});
    assertThat(one.invalidate(Invalidation.all()).toCompletableFuture().join()).hasSize(1);
  }

  /** Its time is over by Redis's clock, but would go on in this process. */
  @Test
  void shared_entryOfAClockThatIsAhead_isAMiss() {
    CacheEntry ahead = Samples.entry(KEY, TIME.epochMillis() + 120_000, "a");
    one.store(look(one).ticket(), ahead);
    assertThat(raw().keys("t:cache:*:e*:*")).hasSize(1);

    assertThat(look(two).entry()).isNull();
  }

  /** Another server answers before the replica counts as deaf: nobody knows what was said there. */
  @Test
  void feed_otherServerAnswers_startsOverAndHearsWhatIsOlder() {
    AtomicReference<StatefulRedisConnection<byte[], byte[]>> connected =
        new AtomicReference<>(client.connect(ByteArrayCodec.INSTANCE));
    List<Invalidation> heard = new CopyOnWriteArrayList<>();
    try (InvalidationFeed feed =
        new InvalidationFeed(
            () -> connected.get().async(), "t", new Samples.FakeTime(), noting(heard))) {
      await(feed::isFresh);
      feed.publish(ofModel("m1"), 1);
      await(() -> heard.contains(ofModel("m1")));
      assertThat(heard).containsExactly(Invalidation.all(), ofModel("m1"));

      RedisURI elsewhere = RedisURI.create(server.uri());
      elsewhere.setDatabase(1);
      connected.getAndSet(client.connect(ByteArrayCodec.INSTANCE, elsewhere)).close();
      await(() -> heard.size() == 3);
      assertThat(heard.getLast()).isEqualTo(Invalidation.all());

      try (StatefulRedisConnection<byte[], byte[]> speaker =
          client.connect(ByteArrayCodec.INSTANCE, elsewhere)) {
        speaker
            .sync()
            .xadd(
                "t:cache:invalidations".getBytes(StandardCharsets.US_ASCII),
                new XAddArgs().id("1-1"),
                Map.of(new byte[] {'w'}, "{\"model\":\"m2\"}".getBytes(StandardCharsets.US_ASCII)));
      }
      await(() -> heard.contains(ofModel("m2")));
    }
  }

  private static InvalidationFeed.Listener noting(List<Invalidation> heard) {
    return new InvalidationFeed.Listener() {
      @Override
      public void startOver() {
        heard.add(Invalidation.all());
      }

      @Override
      public void heard(Invalidation which, long atMillis) {
        heard.add(which);
      }
    };
  }

  /** Whoever can write to Redis copied a sealed entry before it was deleted, and puts it back. */
  @Test
  void shared_deletedEntryPutBack_isAMissOnEveryReplica() {
    CacheEntry old = Samples.entry(KEY, TIME.epochMillis() - 10_000, "a");
    List<Invalidation> deletes =
        List.of(
            Invalidation.ofIds(Set.of(KEY.id())),
            ofModel("gpt"),
            new Invalidation(null, null, null, null, null, TIME.epochMillis(), null),
            Invalidation.all());
    for (Invalidation delete : deletes) {
      raw().flushall();
      try (ExactCache first = replica("s1", TIME);
          ExactCache second = replica("s1", TIME)) {
        await(() -> {
          first.store(look(first).ticket(), old);
          return look(second).entry() != null;
        });
        byte[] key = entryKey();
        byte[] sealed = raw().get(key);

        first.invalidate(delete).toCompletableFuture().join();
        raw().set(key, sealed);

        await(() -> second.local(KEY, Samples.TEAM, Samples.HOUR) == null);
        assertThat(look(first).entry()).as("%s", delete).isNull();
        assertThat(look(second).entry()).as("%s", delete).isNull();
        try (ExactCache later = replica("s1", TIME)) {
          assertThat(look(later).entry()).as("after a start, %s", delete).isNull();
          await(() -> {
            later.store(look(later).ticket(), Samples.entry(KEY, TIME.epochMillis(), "b"));
            return look(second).entry() != null;
          });
        }
      }
    }
  }

  private static Invalidation ofModel(String model) {
    return new Invalidation(null, null, null, model, null, null, null);
  }

  @Test
  void store_redisFull_isDropped() {
    raw().configSet("maxmemory", "1");
    try {
      ExactCache.Ticket ticket = look(one).ticket();
      one.store(ticket, Samples.entry(KEY, TIME.epochMillis(), "a"));
      assertThat(look(two).entry()).isNull();
    } finally {
      raw().configSet("maxmemory", "0");
    }
    assertThat(look(two).entry()).isNull();
  }
}
