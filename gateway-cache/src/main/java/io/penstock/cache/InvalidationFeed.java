package io.penstock.cache;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.penstock.core.Ticker;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The stream over which replicas tell each other what to drop. It is read in a chain of short
 * blocking reads on a connection of its own; no thread waits.
 *
 * <p>What an answer says was true no earlier than when its read was sent, so a replica counts as
 * having heard the stream at the moment of sending. After {@link #FRESH_NANOS} without an answer it
 * is deaf and serves nothing. When it hears again, or over another connection, it starts over
 * empty: it cannot know what it missed.
 */
final class InvalidationFeed implements AutoCloseable {
  static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long BLOCK_MILLIS = 200;
  private static final long RETRY_MILLIS = 50;
  private static final String START = "0-0";

  /** First in every message: an older version reads no more. */
  private static final String WHICH = "w";

  private static final String TIME = "t";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final RedisLink link;
  private final byte[] stream;
  private final Ticker ticker;
  private final Listener listener;
  private final Executor retry =
      CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS);

  private volatile boolean started;
  private volatile boolean closed;
  private volatile long heardAt;
  private String lastId = START;

  /** Whether something may have been said that was not heard. Of the chain of reads alone. */
  private boolean cut = true;

  InvalidationFeed(RedisLink link, String namespace, Ticker ticker, Listener listener) {
    this.link = link;
    this.stream = (namespace + ":cache:invalidations").getBytes(StandardCharsets.UTF_8);
    this.ticker = ticker;
    this.listener = listener;
    listen();
  }

  /** Obeys; called on the client's thread, which must not wait. */
  interface Listener {
    /** Nobody knows what was missed: what is held in this process goes. */
    void startOver();

    /** What matches goes, and nothing like it that was made before that moment may come back. */
    void heard(Invalidation which, long atMillis);
  }

  boolean isFresh() {
    return started && ticker.nanoTime() - heardAt < FRESH_NANOS;
  }

  /**
   * Tells every replica, this one too when its own read returns.
   *
   * @param atMillis when it was asked for
   */
  CompletionStage<String> publish(Invalidation which, long atMillis) {
    byte[] message;
    try {
      message = JSON.writeValueAsBytes(which);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an invalidation is plain data", e);
    }
    RedisClusterAsyncCommands<byte[], byte[]> redis = link.commands();
    if (redis == null) {
      return CompletableFuture.failedStage(RedisSweep.away());
    }
    XAddArgs bounded = new XAddArgs().maxlen(10_000).approximateTrimming();
    return redis.xadd(
        stream, bounded, ascii(WHICH), message, ascii(TIME), ascii(Long.toString(atMillis)));
  }

  @SuppressWarnings("unchecked") // a generic varargs parameter of the client
  private void listen() {
    if (closed) {
      return;
    }
    RedisClusterAsyncCommands<byte[], byte[]> redis = link.commands();
    if (redis == null) {
      retry.execute(this::listen);
      return;
    }
    long sentAt = ticker.nanoTime();
    redis
        .xread(XReadArgs.Builder.block(BLOCK_MILLIS), XReadArgs.StreamOffset.from(stream, lastId))
        .whenComplete((messages, error) -> heard(messages, error, sentAt));
  }

  private void heard(
      @Nullable List<StreamMessage<byte[], byte[]>> messages,
      @Nullable Throwable error,
      long sentAt) {
    if (error != null) {
      if (error instanceof RedisCommandTimeoutException) {
        link.silent();
      }
      // Who answers next may be another server, behind this one in what it knows and in time.
      cut = true;
      lastId = START;
      retry.execute(this::listen);
      return;
    }
    if (cut || sentAt - heardAt >= FRESH_NANOS) {
      listener.startOver();
      cut = false;
    }
    if (messages != null) {
      for (StreamMessage<byte[], byte[]> message : messages) {
        listener.heard(decode(message.getBody().values().iterator().next()), atMillis(message));
        lastId = message.getId();
      }
    }
    heardAt = sentAt;
    started = true;
    listen();
  }

  /** What another version wrote and this one cannot read drops everything. */
  private static Invalidation decode(byte[] message) {
    try {
      return JSON.readValue(message, Invalidation.class);
    } catch (IOException unknown) {
      return Invalidation.all();
    }
  }

  /** An older version does not say when; the server's time of the message is in its id. */
  private static long atMillis(StreamMessage<byte[], byte[]> message) {
    String id = message.getId();
    String text = id.substring(0, id.indexOf('-'));
    for (Map.Entry<byte[], byte[]> field : message.getBody().entrySet()) {
      if (Arrays.equals(field.getKey(), ascii(TIME))) {
        text = new String(field.getValue(), StandardCharsets.US_ASCII);
      }
    }
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException notOurs) {
      return 0;
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public void close() {
    closed = true;
  }
}
