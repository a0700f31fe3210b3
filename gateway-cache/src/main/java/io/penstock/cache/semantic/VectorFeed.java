package io.penstock.cache.semantic;

import io.lettuce.core.StreamMessage;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.penstock.cache.CacheKey;
import io.penstock.cache.RedisLink;
import io.penstock.cache.Sealer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The stream that feeds every replica's index: read from its start when a replica starts, followed
 * from then on by short blocking reads on a connection of its own. With a secret the vectors are
 * sealed and bound to partition and id; one that does not open is passed over. The feed proposes
 * only, so a lost or repeated message costs at most a miss. What it says is taken in on a thread of
 * its own: the client's loop, which serves look-ups as well, must not wait for a search to end.
 */
final class VectorFeed implements AutoCloseable {
  /** Of the messages; part of the stream's name, so that two versions share one Redis. */
  private static final int VERSION = 1;

  private static final long BLOCK_MILLIS = 500;
  private static final long PAGE = 1_000;
  private static final byte[] FIELD = {'v'};

  /** Partition and id, 64 hex digits each, and what it is about come before the vector. */
  private static final int HEAD = 129;

  private static final int ID = 64;
  private static final char BUILTIN = 'b';
  private static final char PROVIDER = 'p';
  private static final char SUSPECT = 's';
  private static final byte[] NOTHING = {};

  private final RedisLink reader;
  private final RedisLink writer;
  private final @Nullable Sealer sealer;
  private final Partitions index;
  private final byte[] stream;
  private final long maxLength;
  private final Executor retry = CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS);
  private final ThreadPoolExecutor intake =
      new ThreadPoolExecutor(
          1,
          1,
          10,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          Thread.ofPlatform().name("penstock-vectors").daemon().factory());
  private final AtomicBoolean started = new AtomicBoolean();
  private volatile boolean closed;
  private String lastId = "0-0";

  VectorFeed(Channel channel, Partitions index, long maxLength) {
    this.reader = channel.reader();
    this.writer = channel.writer();
    this.sealer = channel.secret().isEmpty() ? null : new Sealer(channel.secret());
    this.index = index;
    this.stream =
        (channel.namespace() + ":cache:vectors:" + VERSION).getBytes(StandardCharsets.UTF_8);
    this.maxLength = maxLength;
    intake.allowCoreThreadTimeOut(true);
  }

  /** Starts to follow the stream, once. */
  void start() {
    if (started.compareAndSet(false, true)) {
      read();
    }
  }

  /** Where the feed runs; see {@link SemanticCache#shared}. */
  record Channel(RedisLink writer, RedisLink reader, String namespace, String secret) {
    @Override
    public String toString() {
      return "Channel{namespace=" + namespace + ", secret=****}";
    }
  }

  /** Tells every replica of a stored question; see {@link Partitions#put}. */
  void publish(CacheKey partition, CacheKey key, byte[] first, byte @Nullable [] provided) {
    if (provided == null) {
      send(partition, key, BUILTIN, first);
      return;
    }
    byte[] both = Arrays.copyOf(first, first.length + provided.length);
    System.arraycopy(provided, 0, both, first.length, provided.length);
    send(partition, key, PROVIDER, both);
  }

  /** Tells every replica that an answer is to be checked before it is served again. */
  void suspect(CacheKey partition, CacheKey key) {
    send(partition, key, SUSPECT, NOTHING);
  }

  private void send(CacheKey partition, CacheKey key, char kind, byte[] payload) {
    byte[] head = (partition.id() + key.id() + kind).getBytes(StandardCharsets.US_ASCII);
    byte[] sent = sealer == null ? payload : sealer.seal(partition.id(), head, payload);
    byte[] message = Arrays.copyOf(head, head.length + sent.length);
    System.arraycopy(sent, 0, message, head.length, sent.length);
    XAddArgs bounded = new XAddArgs().maxlen(maxLength).approximateTrimming();
    RedisClusterAsyncCommands<byte[], byte[]> redis = writer.commands();
    if (redis != null) {
      redis.xadd(stream, bounded, Map.of(FIELD, message));
    }
  }

  @SuppressWarnings("unchecked") // a generic varargs parameter of the client
  private void read() {
    RedisClusterAsyncCommands<byte[], byte[]> redis = reader.commands();
    if (redis != null && !closed) {
      XReadArgs page = XReadArgs.Builder.block(BLOCK_MILLIS).count(PAGE);
      redis
          .xread(page, XReadArgs.StreamOffset.from(stream, lastId))
          .whenCompleteAsync(this::heard, intake);
    } else if (!closed) {
      retry.execute(this::read);
    }
  }

  private void heard(
      @Nullable List<StreamMessage<byte[], byte[]>> messages, @Nullable Throwable error) {
    if (error != null) {
      retry.execute(this::read);
      return;
    }
    if (messages != null) {
      for (StreamMessage<byte[], byte[]> message : messages) {
        accept(message.getBody().values().iterator().next());
        lastId = message.getId();
      }
    }
    read();
  }

  private void accept(byte[] message) {
    if (message.length < HEAD) {
      return;
    }
    byte[] head = Arrays.copyOf(message, HEAD);
    byte[] sent = Arrays.copyOfRange(message, HEAD, message.length);
    String ids = new String(head, StandardCharsets.US_ASCII);
    String partition = ids.substring(0, ID);
    try {
      byte[] payload = sealer == null ? sent : sealer.open(partition, head, sent);
      CacheKey key = CacheKey.ofId(ids.substring(ID, 2 * ID));
      switch (ids.charAt(2 * ID)) {
        case BUILTIN -> index.put(CacheKey.ofId(partition), key, payload, null);
        case PROVIDER ->
            index.put(
                CacheKey.ofId(partition),
                key,
                Arrays.copyOf(payload, OnnxModel.DIMENSIONS),
                Arrays.copyOfRange(payload, OnnxModel.DIMENSIONS, payload.length));
        case SUSPECT -> index.suspect(key);
        default -> {
          // Another version has more to say than this one understands.
        }
      }
    } catch (GeneralSecurityException | IllegalArgumentException notOurs) {
      // Another secret, another embedder or another version wrote it: not for this index.
      return;
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
