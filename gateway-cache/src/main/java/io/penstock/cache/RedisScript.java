package io.penstock.cache;

import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A Lua script, called by its digest; sent whole to a server that does not know it yet.
 * Thread-safe.
 */
public final class RedisScript {
  private final String source;
  private final String digest;

  /** Creates it; nothing is sent. */
  public RedisScript(String source) {
    this.source = source;
    try {
      MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
      this.digest = HexFormat.of().formatHex(sha1.digest(source.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
  }

  /**
   * Runs it. The stage is not the client's own command, so that a time-out on it drops no command.
   *
   * @param <T> what the output type gives
   */
  public <T> CompletableFuture<T> run(
      RedisClusterAsyncCommands<byte[], byte[]> redis,
      ScriptOutputType type,
      byte[][] keys,
      byte[]... arguments) {
    CompletableFuture<T> reply = new CompletableFuture<>();
    try {
      redis
          .<T>evalsha(digest, type, keys, arguments)
          .whenComplete((value, error) -> {
            if (error instanceof RedisNoScriptException) {
              redis
                  .<T>eval(source, type, keys, arguments)
                  .whenComplete((second, failure) -> settle(reply, second, failure));
            } else {
              settle(reply, value, error);
            }
          });
    } catch (RuntimeException rejected) {
      reply.completeExceptionally(rejected);
    }
    return reply;
  }

  private static <T> void settle(
      CompletableFuture<T> reply, @Nullable T value, @Nullable Throwable error) {
    if (error != null) {
      reply.completeExceptionally(error);
    } else {
      reply.complete(value);
    }
  }
}
