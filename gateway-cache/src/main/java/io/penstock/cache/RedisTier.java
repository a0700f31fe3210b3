package io.penstock.cache;

import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanCursor;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Entries in Redis, and each scope's generation.
 *
 * <p>A scope's record holds {@code gen}, moved by every invalidation, and {@code floor}, below
 * which nothing is served. Both start at the server's time in microseconds, so a record that Redis
 * evicted comes back above every entry it had covered: the scope is cold, never stale. A store
 * carries the generation read when its request started; the script drops it when that has moved.
 * Record and entries of a scope share a hash slot. Every operation is bounded in time and in
 * number; what fails is a miss.
 */
final class RedisTier {
  private static final String LOOKUP =
      """
      local gen = redis.call('HGET', KEYS[1], 'gen')
      if not gen then
        local t = redis.call('TIME')
        gen = string.format('%.0f', t[1] * 1000000 + t[2])
        redis.call('HSET', KEYS[1], 'gen', gen, 'floor', gen)
        redis.call('PEXPIRE', KEYS[1], 86400000)
      end
      return {gen, redis.call('HGET', KEYS[1], 'floor'), redis.call('GET', KEYS[2])}
      """;
  private static final String STORE =
      """
      if redis.call('HGET', KEYS[1], 'gen') ~= ARGV[1] then return 0 end
      local ttl = tonumber(ARGV[2])
      redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[2])
      if redis.call('PTTL', KEYS[1]) < ttl + 86400000 then
        redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ttl + 86400000))
      end
      return 1
      """;
  private static final String BUMP =
      """
      local t = redis.call('TIME')
      local now = t[1] * 1000000 + t[2]
      local gen = tonumber(redis.call('HGET', KEYS[1], 'gen') or '0')
      if now <= gen then now = gen + 1 end
      redis.call('HSET', KEYS[1], 'gen', string.format('%.0f', now))
      return 1
      """;

  /** Ten years: Redis refuses times to live that overflow. */
  private static final long MAX_TTL_MILLIS = 3650L * 24 * 3600 * 1000;

  private final RedisClusterAsyncCommands<byte[], byte[]> redis;
  private final EntryCodec codec;
  private final String namespace;
  private final long timeoutMillis;

  RedisTier(
      RedisClusterAsyncCommands<byte[], byte[]> redis,
      EntryCodec codec,
      String namespace,
      long timeoutMillis) {
    this.redis = redis;
    this.codec = codec;
    this.namespace = namespace;
    this.timeoutMillis = timeoutMillis;
  }

  /** What a look-up found; a generation below 0 means that Redis did not answer. */
  record Found(@Nullable CacheEntry entry, long generation) {
    static final Found NOTHING = new Found(null, -1);
  }

  CompletionStage<Found> lookup(CacheKey key, CacheScope scope) {
    CompletableFuture<List<Object>> reply = new CompletableFuture<>();
    redis
        .<List<Object>>eval(LOOKUP, ScriptOutputType.MULTI, keys(key, scope))
        .whenComplete((value, error) -> settle(reply, value, error));
    return reply
        .orTimeout(timeoutMillis, TimeUnit.MILLISECONDS)
        .handle((value, error) -> error == null ? found(value, key, scope) : Found.NOTHING);
  }

  private Found found(List<Object> reply, CacheKey key, CacheScope scope) {
    long generation = number(reply.get(0));
    Object bytes = reply.get(2);
    if (!(bytes instanceof byte[] stored)) {
      return new Found(null, generation);
    }
    EntryCodec.Decoded decoded = codec.decode(stored);
    if (decoded == null || decoded.generation() < number(reply.get(1))) {
      return new Found(null, generation);
    }
    CacheEntry.Identity identity = decoded.entry().identity();
    boolean ours = identity.key().equals(key) && identity.scope().equals(scope);
    return new Found(ours ? decoded.entry() : null, generation);
  }

  /** Completes with whether Redis took it; never fails. */
  CompletionStage<Boolean> store(CacheEntry entry, long generation, long nowMillis) {
    long ttl = Math.min(entry.life().expiresMillis() - nowMillis, MAX_TTL_MILLIS);
    if (ttl <= 0) {
      return CompletableFuture.completedStage(false);
    }
    CacheEntry.Identity identity = entry.identity();
    CompletableFuture<Long> reply = new CompletableFuture<>();
    redis
        .<Long>eval(
            STORE,
            ScriptOutputType.INTEGER,
            keys(identity.key(), identity.scope()),
            ascii(Long.toString(generation)),
            ascii(Long.toString(ttl)),
            codec.encode(entry, generation))
        .whenComplete((value, error) -> settle(reply, value, error));
    return reply
        .orTimeout(timeoutMillis, TimeUnit.MILLISECONDS)
        .handle((taken, error) -> error == null && taken == 1);
  }

  /** Moves the generation of every scope, then drops what matches; completes with the ids. */
  CompletionStage<List<String>> invalidate(Invalidation which) {
    return scan("{*}:s")
        .thenCompose(this::bumpAll)
        .thenCompose(done -> matching(which))
        .thenCompose(found -> {
          List<CompletionStage<?>> deletes = new ArrayList<>();
          found.forEach(match -> deletes.add(redis.unlink(ascii(match.redisKey()))));
          return all(deletes).thenApply(done -> found.stream().map(Match::id).toList());
        });
  }

  private CompletionStage<?> bumpAll(List<byte[]> scopes) {
    List<CompletionStage<?>> bumps = new ArrayList<>();
    for (byte[] scope : scopes) {
      bumps.add(redis.eval(BUMP, ScriptOutputType.INTEGER, new byte[][] {scope}));
    }
    return all(bumps);
  }

  /** An entry as it lies in Redis. */
  record Match(String id, String redisKey) {}

  /** Finds the entries that match; one whose header cannot be read matches everything. */
  CompletionStage<List<Match>> matching(Invalidation which) {
    return scan("{*}:e:*")
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
      Match match = peek.toCompletableFuture().join();
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

  private CompletionStage<List<byte[]>> scan(String suffix) {
    ScanArgs args = ScanArgs.Builder.matches(namespace + ":cache:" + suffix).limit(1000);
    return scanOn(args, redis.scan(args), new ArrayList<>());
  }

  private CompletionStage<List<byte[]>> scanOn(
      ScanArgs args, CompletionStage<KeyScanCursor<byte[]>> page, List<byte[]> found) {
    return page.thenCompose(cursor -> {
      found.addAll(cursor.getKeys());
      return cursor.isFinished()
          ? CompletableFuture.completedStage(found)
          : scanOn(args, redis.scan((ScanCursor) cursor, args), found);
    });
  }

  private static CompletionStage<Void> all(List<? extends CompletionStage<?>> stages) {
    return CompletableFuture.allOf(
        stages.stream()
            .map(CompletionStage::toCompletableFuture)
            .toArray(CompletableFuture[]::new));
  }

  /** Completes ours and leaves the client's own command alone, so a time-out drops no command. */
  private static <T> void settle(
      CompletableFuture<T> ours, @Nullable T value, @Nullable Throwable error) {
    if (error != null) {
      ours.completeExceptionally(error);
    } else {
      ours.complete(value);
    }
  }

  private byte[][] keys(CacheKey key, CacheScope scope) {
    byte[] digest = CacheKeys.newDigest().digest(scope.token().getBytes(StandardCharsets.UTF_8));
    String slot = namespace + ":cache:{" + HexFormat.of().formatHex(digest, 0, 16) + "}";
    return new byte[][] {ascii(slot + ":s"), ascii(slot + ":e:" + key.id())};
  }

  private static long number(Object text) {
    return text instanceof byte[] digits
        ? Long.parseLong(new String(digits, StandardCharsets.US_ASCII))
        : Long.MAX_VALUE;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
