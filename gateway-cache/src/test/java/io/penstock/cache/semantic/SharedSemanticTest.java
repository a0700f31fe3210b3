package io.penstock.cache.semantic;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheScope;
import io.penstock.cache.ExactCache;
import io.penstock.cache.KeyInput;
import io.penstock.core.Endpoint;
import io.penstock.core.Ticker;
import io.penstock.core.price.Usage;
import io.penstock.testkit.RedisServer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Two replicas that share one index through a real Redis. */
final class SharedSemanticTest {
  private static final long HOUR = 3_600_000;
  private static final CacheScope TEAM = new CacheScope(CacheScope.Kind.TEAM, "support");

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited 60 s").isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static final class Replica implements AutoCloseable {
    final ExactCache store;
    final SemanticCache cache;

    Replica(RedisClient client, String secret) {
      var settings = new ExactCache.SharedSettings("t", secret, 1_000_000, 1_000_000);
      RedisAsyncCommands<byte[], byte[]> redis = client.connect(ByteArrayCodec.INSTANCE).async();
      store =
          ExactCache.shared(
              settings,
              new ExactCache.Links(
                  () -> redis, () -> redis, client.connect(ByteArrayCodec.INSTANCE)::async),
              new ExactCache.Threads(Runnable::run, ForkJoinPool.commonPool()),
              Ticker.system());
      cache =
          SemanticCache.shared(
              new SemanticCache.Settings(1, 8, 1_000),
              store,
              () -> redis,
              client.connect(ByteArrayCodec.INSTANCE)::async,
              settings,
              Ticker.system());
      cache.follow();
      await(store::isServing);
    }

    SemanticCache.Outcome ask(String text) {
      return ask(text, "");
    }

    SemanticCache.Outcome ask(String text, String more) {
      String body = "{" + more + "\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
      KeyInput input = new KeyInput(TEAM, Endpoint.CHAT, "m", "r");
      SemanticKeys.Semantic question =
          SemanticKeys.of(input, "builtin", body.getBytes(StandardCharsets.UTF_8));
      SemanticCache.Policy policy = new SemanticCache.Policy(0.9, HOUR);
      SemanticCache.Ask ask = new SemanticCache.Ask((SemanticKeys.Question) question, null, null);
      return cache.lookup(ask, policy).toCompletableFuture().join();
    }

    @Override
    public void close() {
      cache.close();
      store.close();
    }
  }

  @Test
  void lookup_answeredOnAnotherReplica_isAHitAndNotForAnotherSecret() {
    try (RedisServer server = RedisServer.start()) {
      RedisClient client = RedisClient.create(server.uri());
      try (Replica one = new Replica(client, "s");
          Replica two = new Replica(client, "s")) {
        SemanticCache.Miss miss =
            (SemanticCache.Miss) one.ask("How do I reverse a string in Python?");
        assertThat(miss.asked()).isNotNull();
        one.cache.offer(miss.asked(), entry(miss.asked()));
        await(() -> two.cache.vectors() == 1);
        await(() -> two.ask("How can I reverse a string in Python?") instanceof SemanticCache.Hit);
        try (Replica late = new Replica(client, "s");
            Replica stranger = new Replica(client, "other")) {
          await(() -> late.cache.vectors() == 1);
          assertThat(late.ask("How can I reverse a string in Python?"))
              .isInstanceOf(SemanticCache.Hit.class);
          assertThat(stranger.ask("How do I reverse a string in Python?"))
              .isInstanceOf(SemanticCache.Miss.class);
          assertThat(stranger.cache.vectors()).isZero();
        }
      } finally {
        client.shutdown(0, 0, TimeUnit.SECONDS);
      }
    }
  }

  /** Whoever can write to Redis tells of an answer where it does not belong. */
  @Test
  void lookup_vectorOfAnotherPartition_isAMiss() {
    try (RedisServer server = RedisServer.start()) {
      RedisClient client = RedisClient.create(server.uri());
      try (Replica one = new Replica(client, "");
          Replica two = new Replica(client, "")) {
        String question = "How do I reverse a string in Python?";
        Asked made = ((SemanticCache.Miss) one.ask(question)).asked();
        Asked other = ((SemanticCache.Miss) one.ask(question, "\"seed\":1,")).asked();
        assertThat(made).isNotNull();
        assertThat(other).isNotNull();
        one.cache.offer(made, entry(made));
        await(() -> two.cache.vectors() == 1);
        byte[] head =
            (other.space().id() + made.key().id() + "b").getBytes(StandardCharsets.US_ASCII);
        byte[] vector = FlatIndex.quantise(made.first());
        byte[] message = Arrays.copyOf(head, head.length + vector.length);
        System.arraycopy(vector, 0, message, head.length, vector.length);
        client
            .connect(ByteArrayCodec.INSTANCE)
            .sync()
            .xadd(
                "t:cache:vectors:1".getBytes(StandardCharsets.US_ASCII),
                Map.of(new byte[] {'v'}, message));
        await(() -> two.cache.vectors() == 2);

        assertThat(two.ask(question)).isInstanceOf(SemanticCache.Hit.class);
        assertThat(two.ask(question, "\"seed\":1,")).isInstanceOf(SemanticCache.Miss.class);
      } finally {
        client.shutdown(0, 0, TimeUnit.SECONDS);
      }
    }
  }

  private static CacheEntry entry(Asked asked) {
    return new CacheEntry(
        asked.identity(Endpoint.CHAT, "m"),
        new CacheEntry.Origin("support", "help-desk", List.of()),
        new CacheEntry.Paid("openai", "gpt", Usage.NONE, 77),
        CacheEntry.Life.of(System.currentTimeMillis(), HOUR),
        "{}".getBytes(StandardCharsets.UTF_8));
  }
}
