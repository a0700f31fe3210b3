package io.penstock.cache;

import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanCursor;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Deletes in Redis. They go through all that is there, so their connection is not one of those that
 * calls wait for. See {@link RedisTier} for what lies there.
 */
final class RedisSweep {
  private static final RedisScript BUMP =
      new RedisScript(
          """
          local gen = tonumber(redis.call('HGET', KEYS[1], 'gen') or '0') or 0
          if gen == 0 then return 0 end
          local t = redis.call('TIME')
          local now = t[1] * 1000000 + t[2]
          if now <= gen then now = gen + 1 end
          redis.call('HSET', KEYS[1], 'gen', string.format('%.0f', now))
          return 1
          """);

  private final RedisLink link;
  private final EntryCodec codec;
  private final String namespace;

  RedisSweep(RedisLink link, EntryCodec codec, String namespace) {
    this.link = link;
    this.codec = codec;
    this.namespace = namespace;
  }

  /** Moves the generation of every scope, then drops what matches; completes with the ids. */
  CompletionStage<List<String>> invalidate(Invalidation which) {
    RedisClusterAsyncCommands<byte[], byte[]> redis = link.commands();
    if (redis == null) {
      return CompletableFuture.failedStage(away());
    }
    return scan(redis, "{*}:s")
        .thenCompose(scopes -> bumpAll(redis, scopes))
        .thenCompose(done -> matching(redis, which))
        .thenCompose(found -> {
          List<CompletionStage<?>> deletes = new ArrayList<>();
          found.forEach(match -> deletes.add(redis.unlink(ascii(match.redisKey()))));
          return all(deletes).thenApply(done -> found.stream().map(Match::id).toList());
        });
  }

  static IllegalStateException away() {
    return new IllegalStateException("the cache's redis is away");
  }

  private static CompletionStage<?> bumpAll(
      RedisClusterAsyncCommands<byte[], byte[]> redis, List<byte[]> scopes) {
    List<CompletionStage<?>> bumps = new ArrayList<>();
    for (byte[] scope : scopes) {
      bumps.add(BUMP.<Long>run(redis, ScriptOutputType.INTEGER, new byte[][] {scope}));
    }
    return all(bumps);
  }

  /** An entry as it lies in Redis. */
  record Match(String id, String redisKey) {}

  /**
   * Finds the entries that match, those of other versions too; one whose header cannot be read
   * matches everything: a delete must hold for whoever still reads it.
   */
  CompletionStage<List<Match>> matching(Invalidation which) {
    RedisClusterAsyncCommands<byte[], byte[]> redis = link.commands();
    return redis == null ? CompletableFuture.failedStage(away()) : matching(redis, which);
  }

  private CompletionStage<List<Match>> matching(
      RedisClusterAsyncCommands<byte[], byte[]> redis, Invalidation which) {
    return scan(redis, "{*}:e*:*")
        .thenCompose(keys -> {
          List<CompletionStage<@Nullable Match>> peeks = new ArrayList<>();
          for (byte[] key : keys) {
            peeks.add(
                redis
                    .getrange(key, 0, EntryCodec.HEADER_PEEK_BYTES - 1)
                    .thenApply(first -> match(which, key, first)));
          }
          return all(peeks).thenApply(done -> collect(peeks));
        });
  }

  private static List<Match> collect(List<CompletionStage<@Nullable Match>> peeks) {
    List<Match> matches = new ArrayList<>();
    for (CompletionStage<@Nullable Match> peek : peeks) {
      Match match = peek.toCompletableFuture().resultNow();
      if (match != null) {
        matches.add(match);
      }
    }
    return matches;
  }

  private @Nullable Match match(Invalidation which, byte[] key, byte[] first) {
    String name = new String(key, StandardCharsets.US_ASCII);
    CacheEntry entry = codec.peek(first);
    boolean hit = entry == null || which.matches(entry);
    return hit ? new Match(name.substring(name.lastIndexOf(':') + 1), name) : null;
  }

  private CompletionStage<List<byte[]>> scan(
      RedisClusterAsyncCommands<byte[], byte[]> redis, String suffix) {
    ScanArgs args = ScanArgs.Builder.matches(namespace + ":cache:" + suffix).limit(1000);
    return scanOn(redis, args, redis.scan(args), new ArrayList<>());
  }

  private static CompletionStage<List<byte[]>> scanOn(
      RedisClusterAsyncCommands<byte[], byte[]> redis,
      ScanArgs args,
      CompletionStage<KeyScanCursor<byte[]>> page,
      List<byte[]> found) {
    return page.thenCompose(cursor -> {
      found.addAll(cursor.getKeys());
      return cursor.isFinished()
          ? CompletableFuture.completedStage(found)
          : scanOn(redis, args, redis.scan((ScanCursor) cursor, args), found);
    });
  }

  private static CompletionStage<Void> all(List<? extends CompletionStage<?>> stages) {
    return CompletableFuture.allOf(
        stages.stream()
            .map(CompletionStage::toCompletableFuture)
            .toArray(CompletableFuture[]::new));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
