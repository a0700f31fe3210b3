package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import io.penstock.cache.RedisConnector;
import io.penstock.server.upstream.Transport;
import io.penstock.testkit.Await;
import io.penstock.testkit.RedisServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Redis on the loops that serve calls, a real one. */
final class LoopLinksTest {
  private static RedisServer server;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** Asks Redis on the loop; returns the thread that heard the answer. */
  private static CompletableFuture<Thread> ask(LoopLinks links, EventExecutor loop) {
    CompletableFuture<Thread> heard = new CompletableFuture<>();
    loop.execute(() ->
        Objects.requireNonNull(links.commands())
            .echo(new byte[] {'x'})
            .whenComplete((said, failure) -> heard.complete(Thread.currentThread())));
    return heard;
  }

  private static Thread threadOf(EventExecutor loop) {
    return CompletableFuture.supplyAsync(Thread::currentThread, loop).join();
  }

  private static void awaitLinks(LoopLinks links, EventLoopGroup group) {
    for (EventExecutor loop : group) {
      Await.until(
          "connected",
          () -> CompletableFuture.supplyAsync(() -> links.commands() != null, loop).join());
    }
  }

  @Test
  void loops_hearTheirOwnAnswers_andOutliveTheConnector() {
    Transport transport = Transport.EPOLL.isAvailable() ? Transport.EPOLL : Transport.NIO;
    EventLoopGroup group = transport.newGroup(3, "loop");
    try {
      List<EventExecutor> loops = new ArrayList<>();
      group.forEach(loops::add);
      try (RedisConnector redis = RedisConnector.to(List.of(server.uri()))) {
        LoopLinks links = new LoopLinks(redis, group, transport);
        awaitLinks(links, group);
        for (EventExecutor loop : loops) {
          // Until its own connection is made a loop uses another's.
          Thread own = threadOf(loop);
          Await.until("heard on the loop", () -> ask(links, loop).join().equals(own));
          CompletableFuture<Thread> later = new CompletableFuture<>();
          loop.execute(() -> links.execute(() -> later.complete(Thread.currentThread())));
          assertThat(later.join()).isSameAs(threadOf(loop));
        }
        assertThat(links.commands()).as("of no loop").isNotNull();
      }
      Await.until("closed", () -> !server.command("CLIENT", "LIST").contains("lib-name=Lettuce"));
      assertThat(group.isShuttingDown()).isFalse();
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void everyKindOfSockets_reachesRedis(Transport transport) {
    if (!transport.isAvailable()) {
      return;
    }
    EventLoopGroup group = transport.newGroup(2, "loop");
    try (RedisConnector redis = RedisConnector.to(List.of(server.uri()))) {
      LoopLinks links = new LoopLinks(redis, group, transport);
      awaitLinks(links, group);
      for (EventExecutor loop : group) {
        assertThat(ask(links, loop).join()).isNotNull();
      }
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }
}
