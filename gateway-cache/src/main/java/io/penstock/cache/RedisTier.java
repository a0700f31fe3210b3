package io.penstock.cache;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.penstock.core.Ticker;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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
          local gen = redis.call('HGET', KEYS[1], 'gen')
          local taken, longest = {}, 0
          for i = 2, #KEYS do
            local at = 3 * i - 5
            taken[i - 1] = 0
            if gen == ARGV[at] then
              redis.call('SET', KEYS[i], ARGV[at + 2], 'PX', ARGV[at + 1])
              longest = math.max(longest, tonumber(ARGV[at + 1]))
              taken[i - 1] = 1
            end
          end
          if longest > 0 and redis.call('PTTL', KEYS[1]) < longest + 86400000 then
            redis.call('PEXPIRE', KEYS[1], string.format('%.0f', longest + 86400000))
          end
          return taken
          """);

  /** Ten years: Redis refuses times to live that overflow. */
  private static final long MAX_TTL_MILLIS = 3650L * 24 * 3600 * 1000;

  /**
   * How far another replica's clock may be ahead. An entry from later would outlive its time here.
   */
  private static final long MAX_SKEW_MILLIS = 60_000;

  private static final byte[] NONE = {};

  private final RedisLink link;
  private final EntryCodec codec;
  private final Ticker ticker;
  private final LoadingCache<CacheScope, ScopeNames> scopes;

  /**
   * Creates the tier.
   *
   * @param link what is late there fails by itself
   */
  RedisTier(RedisLink link, EntryCodec codec, String namespace, Ticker ticker) {
    this.link = link;
    this.codec = codec;
    this.ticker = ticker;
    this.scopes =
        Caffeine.newBuilder()
            .maximumSize(10_000)
            .executor(Runnable::run)
            .build(scope -> ScopeNames.of(namespace, scope));
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
        .handle((value, error) ->
            error == null ? found(value, keys, scope) : Found.nothing(keys.size(), -1));
  }

  private Found found(List<Object> reply, List<CacheKey> keys, CacheScope scope) {
    Found found = Found.nothing(keys.size(), number(reply.get(0), -1));
    if (found.generation < 0) {
      return found;
    }
    long floor = number(reply.get(1), Long.MAX_VALUE);
    long latest = ticker.epochMillis() + MAX_SKEW_MILLIS;
    for (int i = 0; i < keys.size(); i++) {
      if (reply.get(i + 2) instanceof byte[] stored) {
        EntryCodec.Decoded decoded = codec.decode(stored);
        if (decoded != null && decoded.generation() >= floor) {
          CacheEntry.Identity identity = decoded.entry().identity();
          boolean ours =
              identity.key().equals(keys.get(i))
                  && identity.scope().equals(scope)
                  && decoded.entry().life().createdMillis() <= latest;
          found.entries[i] = ours ? decoded.entry() : null;
        }
      }
    }
    return found;
  }

  byte[] encode(CacheEntry entry, long generation) {
    return codec.encode(entry, generation);
  }

  /** Completes with what Redis took of them, all of one scope; never fails. */
  CompletionStage<boolean[]> store(CacheScope scope, List<StoreQueue.Parcel> parcels) {
    boolean[] none = new boolean[parcels.size()];
    RedisClusterAsyncCommands<byte[], byte[]> redis = link.commands();
    if (redis == null) {
      return CompletableFuture.completedStage(none);
    }
    long now = ticker.epochMillis();
    ScopeNames names = scopes.get(scope);
    byte[][] keys = new byte[parcels.size() + 1][];
    byte[][] arguments = new byte[3 * parcels.size()][];
    keys[0] = names.record();
    for (int i = 0; i < parcels.size(); i++) {
      StoreQueue.Parcel parcel = parcels.get(i);
      long ttl = Math.min(parcel.entry().life().expiresMillis() - now, MAX_TTL_MILLIS);
      keys[i + 1] = names.entry(parcel.entry().identity().key());
      // One that has died on the way is not of any generation.
      arguments[3 * i] = ttl > 0 ? ascii(Long.toString(parcel.generation())) : NONE;
      arguments[3 * i + 1] = ascii(Long.toString(ttl));
      arguments[3 * i + 2] = parcel.bytes();
    }
    return STORE
        .<List<Object>>run(redis, ScriptOutputType.MULTI, keys, arguments)
        .handle((taken, error) -> error == null ? taken(taken) : none);
  }

  private static boolean[] taken(List<Object> reply) {
    boolean[] taken = new boolean[reply.size()];
    for (int i = 0; i < taken.length; i++) {
      taken[i] = reply.get(i) instanceof Long one && one == 1;
    }
    return taken;
  }

  /** The scope's record first, then the entries. */
  private byte[][] redisKeys(List<CacheKey> keys, CacheScope scope) {
    ScopeNames names = scopes.get(scope);
    byte[][] all = new byte[keys.size() + 1][];
    all[0] = names.record();
    for (int i = 0; i < keys.size(); i++) {
      all[i + 1] = names.entry(keys.get(i));
    }
    return all;
  }

  /** Returns a number of the scope's record; whoever can write to Redis may have written it. */
  private static long number(@Nullable Object text, long otherwise) {
    try {
      return text instanceof byte[] digits
          ? Long.parseLong(new String(digits, StandardCharsets.US_ASCII))
          : otherwise;
    } catch (NumberFormatException notOurs) {
      return otherwise;
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
