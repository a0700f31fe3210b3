package io.penstock.server.targets;

import io.lettuce.core.StreamMessage;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.penstock.cache.RedisLink;
import io.penstock.core.Ticker;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Which breakers have opened, told among the replicas that share a Redis: each decides by what it
 * sees itself, but is quicker to when another has seen a target fail. What is lost while Redis is
 * away is no loss: the target's failures say it again. Thread-safe.
 */
public final class BreakerNews {
  private static final long LOOK_MILLIS = 500;
  private static final long MOST_KEPT = 1_000;

  /** A replica that starts hears of what opened just before. */
  private static final long NEWS_MILLIS = 30_000;

  private static final byte[] FIELD = {'t'};

  private final RedisLink redis;
  private final byte[] stream;

  /** Of the last that was heard; ids begin with the time in milliseconds. */
  private volatile String lastId;

  /**
   * Creates it.
   *
   * @param redis has no commands where replicas share nothing
   * @param namespace what keys in Redis begin with
   * @param ticker says what is too old to be news
   */
  public BreakerNews(RedisLink redis, String namespace, Ticker ticker) {
    this.redis = redis;
    this.lastId = ticker.epochMillis() - NEWS_MILLIS + "-0";
    this.stream = (namespace + ":breakers").getBytes(StandardCharsets.UTF_8);
  }

  /** Tells the other replicas that the breaker of a target has opened here. */
  public void tell(String target) {
    RedisClusterAsyncCommands<byte[], byte[]> commands = redis.commands();
    if (commands != null) {
      XAddArgs bounded = new XAddArgs().maxlen(MOST_KEPT).approximateTrimming();
      commands.xadd(stream, bounded, Map.of(FIELD, target.getBytes(StandardCharsets.UTF_8)));
    }
  }

  /** Looks for news from now on, twice a second; {@code heard} is told targets on any thread. */
  public void follow(ScheduledExecutorService timer, Consumer<String> heard) {
    timer.scheduleWithFixedDelay(() -> look(heard), 0, LOOK_MILLIS, TimeUnit.MILLISECONDS);
  }

  @SuppressWarnings("unchecked") // a generic varargs parameter of the client
  private void look(Consumer<String> heard) {
    RedisClusterAsyncCommands<byte[], byte[]> commands = redis.commands();
    if (commands == null) {
      return;
    }
    // A command that fails says so to nobody: the next look asks for the same.
    commands
        .xread(XReadArgs.Builder.count(MOST_KEPT), XReadArgs.StreamOffset.from(stream, lastId))
        .thenAccept(news -> take(news, heard));
  }

  private void take(List<StreamMessage<byte[], byte[]>> news, Consumer<String> heard) {
    for (StreamMessage<byte[], byte[]> one : news) {
      lastId = one.getId();
      one.getBody()
          .values()
          .forEach(target -> heard.accept(new String(target, StandardCharsets.UTF_8)));
    }
  }
}
