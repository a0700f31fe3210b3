package io.penstock.cache;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisURI;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.EventLoopGroupProvider;
import io.penstock.core.Reasons;
import io.penstock.core.Ticker;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps connections to the cache's Redis: nothing waits for the first one, a broken or silent one
 * is made again, and what was under way on it fails. So a Redis that is away costs misses, never a
 * start or a request. Thread-safe.
 */
public final class RedisConnector implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RedisConnector.class);
  private static final Duration ANSWER = Duration.ofSeconds(1);

  /** A call waits no longer for Redis: beyond it a miss is cheaper. */
  static final Duration CALL = Duration.ofMillis(200);

  private static final long RECONNECT_MILLIS = 200;
  private static final long CLOSE_SECONDS = 2;

  /** Commands that may wait for an answer; more means that Redis hangs. */
  private static final int UNANSWERED = 10_000;

  private final List<RedisURI> uris;
  private final ClientResources own = ClientResources.create();

  /** On loops that are lent; all else of them is {@link #own}'s. */
  private final List<ClientResources> lent = new CopyOnWriteArrayList<>();

  private final List<AbstractRedisClient> clients = new CopyOnWriteArrayList<>();
  private final List<Managed> links = new CopyOnWriteArrayList<>();
  private final Executor later =
      CompletableFuture.delayedExecutor(RECONNECT_MILLIS, TimeUnit.MILLISECONDS);

  /** Of all links: what one hears the others hear too. */
  private final Reasons reasons = new Reasons(Ticker.system());

  private volatile boolean closed;

  /** A connection and the commands over it. */
  private record Connected(
      StatefulConnection<byte[], byte[]> connection,
      RedisClusterAsyncCommands<byte[], byte[]> commands) {}

  /**
   * How long commands wait.
   *
   * @param answer for their answer
   * @param unconnected whether they wait while a node of a Cluster is being connected
   */
  private record Patience(Duration answer, ClientOptions.DisconnectedBehavior unconnected) {}

  private RedisConnector(List<RedisURI> uris) {
    this.uris = uris;
  }

  /**
   * Creates a connector; connects nothing yet.
   *
   * @param addresses one {@code redis://}, {@code rediss://} or {@code redis-sentinel://} address,
   *     or several nodes of a Cluster
   * @throws IllegalArgumentException when one is no such address
   */
  public static RedisConnector to(List<String> addresses) {
    List<RedisURI> uris = addresses.stream().map(RedisURI::create).toList();
    uris.forEach(uri -> uri.setTimeout(ANSWER));
    return new RedisConnector(uris);
  }

  /** Opens a connection of its own, which is there soon, and again after every loss. */
  public RedisLink link() {
    return open(own, new Patience(ANSWER, ClientOptions.DisconnectedBehavior.DEFAULT));
  }

  /**
   * Opens one that calls wait for: what takes longer than about 200 ms fails.
   *
   * @param loops where its answers arrive, of the kind of sockets Lettuce takes here; not shut down
   *     here, and to live until this is closed. Null: on threads of this connector
   */
  public RedisLink callLink(@Nullable EventLoopGroupProvider loops) {
    ClientResources resources = loops == null ? own : on(loops);
    return open(resources, new Patience(CALL, ClientOptions.DisconnectedBehavior.REJECT_COMMANDS));
  }

  private ClientResources on(EventLoopGroupProvider loops) {
    ClientResources resources =
        ClientResources.builder()
            .eventLoopGroupProvider(loops)
            .eventExecutorGroup(own.eventExecutorGroup())
            .timer(own.timer())
            .eventBus(own.eventBus())
            .build();
    lent.add(resources);
    return resources;
  }

  private RedisLink open(ClientResources resources, Patience patience) {
    Managed link =
        new Managed(uris.size() == 1 ? single(resources, patience) : cluster(resources, patience));
    links.add(link);
    link.connect();
    return link;
  }

  private Supplier<CompletionStage<Connected>> single(
      ClientResources resources, Patience patience) {
    RedisURI uri = uris.getFirst();
    RedisClient client = RedisClient.create(resources, uri);
    clients.add(client);
    client.setOptions(options(ClientOptions.builder(), patience).autoReconnect(false).build());
    return () ->
        client
            .connectAsync(ByteArrayCodec.INSTANCE, uri)
            .thenApply((StatefulRedisConnection<byte[], byte[]> made) ->
                new Connected(made, made.async()));
  }

  private Supplier<CompletionStage<Connected>> cluster(
      ClientResources resources, Patience patience) {
    RedisClusterClient client = RedisClusterClient.create(resources, uris);
    clients.add(client);
    client.setOptions(
        (ClusterClientOptions) options(ClusterClientOptions.builder(), patience).build());
    return () ->
        client
            .refreshPartitionsAsync()
            .thenCompose(known -> client.connectAsync(ByteArrayCodec.INSTANCE))
            .thenApply((StatefulRedisClusterConnection<byte[], byte[]> made) ->
                new Connected(made, made.async()));
  }

  private static ClientOptions.Builder options(ClientOptions.Builder of, Patience patience) {
    return of.disconnectedBehavior(patience.unconnected())
        .requestQueueSize(UNANSWERED)
        .timeoutOptions(TimeoutOptions.enabled(patience.answer()));
  }

  /** Waits until the connections are closed, for some seconds at most: then loops may end. */
  @Override
  public void close() {
    closed = true;
    links.forEach(Managed::drop);
    CompletableFuture<?>[] ended =
        clients.stream()
            .map(client -> client.shutdownAsync(0, 1, TimeUnit.SECONDS))
            .toArray(CompletableFuture<?>[]::new);
    CompletableFuture.allOf(ended)
        .completeOnTimeout(null, CLOSE_SECONDS, TimeUnit.SECONDS)
        .handle((done, failure) -> failure)
        .join();
    lent.forEach(resources -> resources.shutdown(0, 1, TimeUnit.SECONDS));
    own.shutdown(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
  }

  private final class Managed implements RedisLink {
    private final Supplier<CompletionStage<Connected>> connect;
    private final AtomicReference<@Nullable Connected> now = new AtomicReference<>();

    Managed(Supplier<CompletionStage<Connected>> connect) {
      this.connect = connect;
    }

    @Override
    public @Nullable RedisClusterAsyncCommands<byte[], byte[]> commands() {
      Connected connected = now.get();
      return connected == null ? null : connected.commands();
    }

    /** One that hangs hangs for all: every link is made again. */
    @Override
    public void silent() {
      links.forEach(Managed::drop);
    }

    private void connect() {
      if (closed) {
        return;
      }
      CompletionStage<Connected> made;
      try {
        made = connect.get();
      } catch (RuntimeException e) {
        made = CompletableFuture.failedStage(e);
      }
      made.whenComplete((connected, failure) -> {
        if (failure != null) {
          String reason = Reasons.innermost(failure);
          if (reasons.isNews(reason)) {
            LOG.warn("the cache cannot reach its redis and goes on trying: {}", reason);
          }
          later.execute(this::connect);
        } else {
          use(connected);
        }
      });
    }

    private void use(Connected connected) {
      now.set(connected);
      connected
          .connection()
          .addListener(
              new RedisConnectionStateListener() {
                @Override
                public void onRedisDisconnected(RedisChannelHandler<?, ?> connection) {
                  lost(connected);
                }
              });
      if (closed || !connected.connection().isOpen()) {
        lost(connected);
      }
    }

    private void drop() {
      Connected connected = now.get();
      if (connected != null) {
        lost(connected);
      }
    }

    private void lost(Connected connected) {
      if (now.compareAndSet(connected, null)) {
        connected.connection().closeAsync();
        later.execute(this::connect);
      }
    }
  }
}
