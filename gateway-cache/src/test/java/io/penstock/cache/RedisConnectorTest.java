package io.penstock.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ticker;
import io.penstock.testkit.Await;
import io.penstock.testkit.RedisServer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Connections that come and go, to one Redis and to a Cluster, real ones. */
final class RedisConnectorTest {
  private static final Ticker TIME = Ticker.system();
  private static final ExactCache.SharedSettings SETTINGS =
      new ExactCache.SharedSettings("t", "s", 1_000_000, 1_000_000);

  private static ExactCache cache(RedisConnector redis) {
    return ExactCache.shared(
        SETTINGS,
        new ExactCache.Links(redis.callLink(null), redis.link(), redis.link()),
        new ExactCache.Threads(Runnable::run, Runnable::run),
        TIME);
  }

  private static CacheScope scope(int i) {
    return new CacheScope(CacheScope.Kind.TEAM, "team " + i);
  }

  private static ExactCache.Lookup look(ExactCache cache, CacheKey key, CacheScope scope) {
    return cache.shared(key, scope, Samples.HOUR).toCompletableFuture().join();
  }

  @Test
  void link_serverThatIsAwayAtFirstAndLater_isFoundAgain() {
    try (RedisServer server = RedisServer.start()) {
      server.kill();
      try (RedisConnector redis = RedisConnector.to(List.of(server.uri()))) {
        RedisLink link = redis.link();
        assertThat(link.commands()).isNull();
        server.restart();
        Await.until("connected", () -> link.commands() != null);
        server.kill();
        Await.until("lost", () -> link.commands() == null);
        server.restart();
        Await.until("connected again", () -> link.commands() != null);
      }
    }
  }

  @Test
  void cluster_holdsEveryScope_andDropsOnEveryNode() {
    try (RedisServer one = node(0, 8_191);
        RedisServer two = node(8_192, 16_383)) {
      one.command("CLUSTER", "MEET", "127.0.0.1", Integer.toString(two.port()));
      Await.until(
          "the cluster is whole",
          () ->
              one.command("CLUSTER", "INFO").contains("cluster_state:ok")
                  && two.command("CLUSTER", "INFO").contains("cluster_state:ok"));
      List<String> nodes = List.of(one.uri(), two.uri());
      try (RedisConnector first = RedisConnector.to(nodes);
          RedisConnector second = RedisConnector.to(nodes);
          ExactCache writer = cache(first);
          ExactCache reader = cache(second)) {
        Await.until("both serve", () -> writer.isServing() && reader.isServing());
        for (int i = 0; i < 16; i++) {
          CacheKey key = Samples.key("q" + i);
          CacheScope scope = scope(i);
          Await.until(
              "stored",
              () -> {
                ExactCache.Ticket ticket = look(writer, key, scope).ticket();
                writer.store(ticket, Samples.entry(key, scope, TIME.epochMillis(), "a"));
                return look(reader, key, scope).entry() != null;
              });
        }
        assertThat(one.command("DBSIZE")).isNotEqualTo("0");
        assertThat(two.command("DBSIZE")).isNotEqualTo("0");

        assertThat(writer.invalidate(Invalidation.all()).toCompletableFuture().join()).hasSize(16);
        Await.until(
            "the other obeys",
            () ->
                IntStream.range(0, 16)
                    .allMatch(i -> look(reader, Samples.key("q" + i), scope(i)).entry() == null));
      }
    }
  }

  private static RedisServer node(int from, int to) {
    RedisServer server =
        RedisServer.start("--cluster-enabled", "yes", "--cluster-require-full-coverage", "no");
    List<String> command = new ArrayList<>(List.of("CLUSTER", "ADDSLOTS"));
    IntStream.rangeClosed(from, to).mapToObj(Integer::toString).forEach(command::add);
    server.command(command.toArray(String[]::new));
    return server;
  }
}
