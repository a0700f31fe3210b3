package io.penstock.budget;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.penstock.core.Reasons;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the data is: behind one address, where a Sentinel says, or on the primary of the one slot
 * of a Cluster that all keys hash to. Asked anew for every connection, for the answer changes with
 * a failover. Any thread.
 */
final class RedisAddress implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Budgets.class);
  private static final Duration ANSWER = Duration.ofSeconds(1);

  private final int slot;
  private final RedisURI first;
  private final RedisClient client;
  private final @Nullable RedisClusterClient cluster;

  /**
   * Looks at the server once, if it can be reached.
   *
   * @throws IllegalArgumentException when that Redis cannot serve budgets
   */
  RedisAddress(RedisState state) {
    List<RedisURI> uris = state.uris().stream().map(RedisAddress::parse).toList();
    this.slot = SlotHash.getSlot(state.prefix());
    this.first = uris.get(0);
    this.client = RedisClient.create();
    client.setOptions(
        ClientOptions.builder()
            .autoReconnect(false)
            .timeoutOptions(TimeoutOptions.enabled(ANSWER))
            .build());
    this.cluster = uris.size() > 1 ? RedisClusterClient.create(client.getResources(), uris) : null;
    try (StatefulRedisConnection<String, String> c = client.connect(primary().join())) {
      refuseEviction(c);
    } catch (RedisException | java.util.concurrent.CompletionException e) {
      log.warn("budgets cannot read maxmemory-policy: {}", Reasons.innermost(e));
    } catch (IllegalArgumentException e) {
      close();
      throw e;
    }
  }

  /**
   * Reads an address.
   *
   * @throws IllegalArgumentException when it is none; never quotes it, for it may hold a password
   */
  @SuppressWarnings("UnusedException") // its words are the address
  static RedisURI parse(String text) {
    RedisURI uri;
    try {
      uri = RedisURI.create(text);
    } catch (RuntimeException e) {
      throw unreadable();
    }
    boolean found = uri.getHost() != null && isPort(uri.getPort());
    boolean named = !uri.getSentinels().isEmpty();
    if (named
        ? !uri.getSentinels().stream().allMatch(one -> isPort(one.getPort()))
        : !found && uri.getSocket() == null) {
      throw unreadable();
    }
    uri.setTimeout(ANSWER);
    return uri;
  }

  private static IllegalArgumentException unreadable() {
    return new IllegalArgumentException(
        "state.redis: cannot be read (expected: an address such as redis://:PASSWORD@HOST:6379,"
            + " the password percent-encoded)");
  }

  private static boolean isPort(int port) {
    return port > 0 && port < 1 << 16;
  }

  /** Redis under {@code allkeys-*} would forget money; an ACL may hide the setting. */
  private static void refuseEviction(StatefulRedisConnection<String, String> connection) {
    String policy =
        connection
            .sync()
            .configGet("maxmemory-policy")
            .getOrDefault("maxmemory-policy", "noeviction");
    if (policy.startsWith("allkeys-")) {
      throw new IllegalArgumentException(
          "state.redis: maxmemory-policy is "
              + policy
              + " (expected: noeviction or volatile-*, for Redis must not forget budgets)");
    }
  }

  private CompletableFuture<RedisURI> primary() {
    RedisClusterClient nodes = cluster;
    if (nodes == null) {
      return CompletableFuture.completedFuture(first);
    }
    return nodes
        .refreshPartitionsAsync()
        .thenApply(done -> {
          RedisClusterNode node = nodes.getPartitions().getMasterBySlot(slot);
          if (node == null) {
            throw new RedisException("no node of the Cluster serves slot " + slot);
          }
          return node.getUri();
        })
        .toCompletableFuture();
  }

  /** Opens a connection for scripts and one to listen on; both, or neither. */
  CompletionStage<Void> connect(
      BiConsumer<
              StatefulRedisConnection<String, String>,
              StatefulRedisPubSubConnection<String, String>>
          opened) {
    return primary()
        .thenCompose(uri ->
            client
                .connectAsync(StringCodec.UTF8, uri)
                .thenCompose(commands ->
                    client
                        .connectPubSubAsync(StringCodec.UTF8, uri)
                        .whenComplete((listening, failure) -> {
                          if (failure != null) {
                            commands.closeAsync();
                          }
                        })
                        .thenAccept(listening -> opened.accept(commands, listening))));
  }

  @Override
  public void close() {
    if (cluster != null) {
      cluster.shutdownAsync(0, 1, TimeUnit.SECONDS);
    }
    client.shutdownAsync(0, 1, TimeUnit.SECONDS);
  }
}
