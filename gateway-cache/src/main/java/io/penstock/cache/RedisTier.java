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
 * Record and entries of a scope share a hash slot. The name of an entry has its version, so that
 * two versions neither read nor overwrite each other's; generations are common. Every operation is
 * bounded in time and in number; what fails is a miss.
 */
final class RedisTier {
  private static final RedisScript LOOKUP =
      new RedisScript(
          """
          local gen = redis.call('HGET', KEYS[1], 'gen')
          if not gen then
            local t = redis.call('TIME')
            gen = string.format('%.0f', t[1] * 1000000 + t[2])
            redis.call('HSET', KEYS[1], 'gen', gen, 'floor', gen)
            redis.call('PEXPIRE', KEYS[1], 86400000)
          end
          local found = {gen, redis.call('HGET', KEYS[1], 'floor')}
          for i = 2, #KEYS do found[i + 1] = redis.call('GET', KEYS[i]) end
          return found
          """);
  private static final RedisScript STORE =
      new RedisScript(
          """
          if redis.call('HGET', KEYS[1], 'gen') ~= ARGV[1] then return 0 end
          local ttl = tonumber(ARGV[2])
          redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[2])
          if redis.call('PTTL', KEYS[1]) < ttl + 86400000 then
            redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ttl + 86400000))
          end
          return 1
          """);
  private static final RedisScript BUMP =
      new RedisScript(
          """
          local gen = tonumber(redis.call('HGET', KEYS[1], 'gen') or '0')
          if gen == 0 then return 0 end
          local t = redis.call('TIME')
          local now = t[1] * 1000000 + t[2]
          if now <= gen then now = gen + 1 end
          redis.call('HSET', KEYS[1], 'gen', string.format('%.0f', now))
          return 1
          """);

  /** Ten years: Redis refuses times to live that overflow. */
  private static final long MAX_TTL_MILLIS = 3650L * 24 * 3600 * 1000;

  private final RedisLink link;
  private final EntryCodec codec;
  private final String namespace;
  private final long timeoutMillis;

  RedisTier(RedisLink link, EntryCodec codec, String namespace, long timeoutMillis) {
    this.link = link;
    this.codec = codec;
    this.namespace = namespace;
    this.timeoutMillis = timeoutMillis;
  }

  /** What a look-up found; a generation below 0 means that Redis did not answer. */
  static final class Found {
    private final @Nullable CacheEntry[] entries;
    private final long generation;

    private Found(@Nullable CacheEntry[] entries, long generation) {
      this.entries = entries;
      this.generation = generation;
    }

    private static Found nothing(int keys, long generation) {
      return new Found(new CacheEntry[keys], generation);
    }

    @Nullable CacheEntry entry(int key) {
      return entries[key];
    }

    long generation() {
      return generation;
    }
  }

  /** Looks for the keys, all of one scope, in one round trip; the findings are in their order. */
  CompletionStage<Found> lookup(List<CacheKey> keys, CacheScope scope) {
    RedisClusterAsyncCommands<byte[], byte[]> redis = link.commands();
    if (redis == null) {
      return CompletableFuture.completedStage(Found.nothing(keys.size(), -1));
    }
    return LOOKUP
        .<List<Object>>run(redis, ScriptOutputType.MULTI, redisKeys(keys, scope))
        .orTimeout(timeoutMillis, TimeUnit.MILLISECONDS)
        .handle((value, error) ->
            error == null ? found(value, keys, scope) : Found.nothing(keys.size(), -1));
  }

  private Found found(List<Object> reply, List<CacheKey> keys, CacheScope scope) {
    Found found = Found.nothing(keys.size(), number(reply.get(0)));
    long floor = number(reply.get(1));
    for (int i = 0; i < keys.size(); i++) {
      if (reply.get(i + 2) instanceof byte[] stored) {
        EntryCodec.Decoded decoded = codec.decode(stored);
        if (decoded != null && decoded.generation() >= floor) {
          CacheEntry.Identity identity = decoded.entry().identity();
          boolean ours = identity.key().equals(keys.get(i)) && identity.scope().equals(scope);
          found.entries[i] = ours ? decoded.entry() : null;
        }
      }
    }
    return found;
  }

  /** Completes with whether Redis took it; never fails. */
  CompletionStage<Boolean> store(CacheEntry entry, long generation, long nowMillis) {
    long ttl = Math.min(entry.life().expiresMillis() - nowMillis, MAX_TTL_MILLIS);
    RedisClusterAsyncCommands<byte[], byte[]> redis = link.commands();
    if (ttl <= 0 || redis == null) {
      return CompletableFuture.completedStage(false);
    }
    CacheEntry.Identity identity = entry.identity();
    return STORE
        .<Long>run(
            redis,
            ScriptOutputType.INTEGER,
            redisKeys(List.of(identity.key()), identity.scope()),
            ascii(Long.toString(generation)),
            ascii(Long.toString(ttl)),
            codec.encode(entry, generation))
        .orTimeout(timeoutMillis, TimeUnit.MILLISECONDS)
        .handle((taken, error) -> error == null && taken == 1);
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

  /** The scope's record first, then the entries. */
  private byte[][] redisKeys(List<CacheKey> keys, CacheScope scope) {
    byte[] digest = CacheKeys.newDigest().digest(scope.token().getBytes(StandardCharsets.UTF_8));
    String slot = namespace + ":cache:{" + HexFormat.of().formatHex(digest, 0, 16) + "}";
    byte[][] all = new byte[keys.size() + 1][];
    all[0] = ascii(slot + ":s");
    for (int i = 0; i < keys.size(); i++) {
      all[i + 1] = ascii(slot + ":e" + EntryCodec.VERSION + ":" + keys.get(i).id());
    }
    return all;
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
