package io.penstock.cache;

import io.penstock.core.Ticker;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The exact cache: a tier in process and, when replicas share a Redis, a tier there.
 *
 * <p>With Redis, a replica that has not heard the invalidation stream for a second serves and
 * stores nothing, from either tier. Nothing here ever fails a request: what goes wrong is a miss.
 */
public final class ExactCache implements AutoCloseable {
  /** Larger answers are not worth the memory. */
  public static final int MAX_ENTRY_BYTES = 1 << 20;

  /** In places of 16 KiB. */
  private static final int STORES_IN_FLIGHT = 1024;

  private final LocalTier local;
  private final @Nullable Shared shared;
  private final Ticker ticker;

  /** What there is where replicas share a Redis. */
  private record Shared(
      RedisTier tier,
      StoreQueue stores,
      RedisSweep sweep,
      InvalidationFeed feed,
      Deleted deleted) {}

  private ExactCache(LocalTier local, @Nullable Shared shared, Ticker ticker) {
    this.local = local;
    this.shared = shared;
    this.ticker = ticker;
  }

  /** Creates a cache of this process alone. */
  public static ExactCache embedded(long maxBytes, Ticker ticker) {
    return new ExactCache(new LocalTier(maxBytes, ticker), null, ticker);
  }

  /** Creates a cache shared through Redis. */
  public static ExactCache shared(
      SharedSettings settings, Links redis, Threads threads, Ticker ticker) {
    LocalTier local = new LocalTier(settings.maxBytes(), ticker);
    Sealer cipher = settings.secret().isEmpty() ? null : new Sealer(settings.secret());
    EntryCodec codec = new EntryCodec(cipher, settings.maxEntryBytes());
    String namespace = settings.namespace();
    RedisTier tier = new RedisTier(redis.calls(), codec, namespace, ticker);
    Deleted deleted = new Deleted();
    return new ExactCache(
        local,
        new Shared(
            tier,
            new StoreQueue(tier, threads, STORES_IN_FLIGHT),
            new RedisSweep(redis.rest(), codec, namespace),
            new InvalidationFeed(redis.feed(), namespace, ticker, obeying(local, deleted)),
            deleted),
        ticker);
  }

  private static InvalidationFeed.Listener obeying(LocalTier local, Deleted deleted) {
    return new InvalidationFeed.Listener() {
      @Override
      public void startOver() {
        local.invalidate(Invalidation.all());
      }

      @Override
      public void heard(Invalidation which, long atMillis) {
        deleted.add(which, atMillis);
        local.invalidate(which);
      }
    };
  }

  /**
   * Connections to one Redis; not closed here.
   *
   * @param calls for look-ups and stores: its answers arrive where calls are served
   * @param rest for deletes, which go through everything, away from the event loops
   * @param feed for the blocking reads of the invalidation stream; its command time-out must be
   *     over 200 ms
   */
  public record Links(RedisLink calls, RedisLink rest, RedisLink feed) {}

  /**
   * Where stores are worked on.
   *
   * @param soon runs a task some 40 ms later, on the caller's event loop if it has one
   * @param background compresses large entries, off the event loops
   */
  public record Threads(Executor soon, Executor background) {}

  /**
   * How entries are shared.
   *
   * @param namespace the prefix of every Redis key
   * @param secret encrypts entries when not empty
   * @param maxBytes bound of the tier in process
   * @param maxEntryBytes larger answers are not read from Redis
   */
  public record SharedSettings(String namespace, String secret, long maxBytes, int maxEntryBytes) {
    @Override
    public String toString() {
      return "SharedSettings{namespace=" + namespace + ", secret=****}";
    }
  }

  /**
   * The state of invalidation when a request started. A store that brings it is dropped if anything
   * was invalidated since.
   */
  public static final class Ticket {
    private final long epoch;
    private final long generation;

    private Ticket(long epoch, long generation) {
      this.epoch = epoch;
      this.generation = generation;
    }
  }

  /** What a look-up found. */
  public record Lookup(@Nullable CacheEntry entry, Ticket ticket) {}

  /**
   * Looks in process; never waits.
   *
   * @param maxAgeMillis the rule's time to live now, which may be shorter than when it was stored
   */
  public @Nullable CacheEntry local(CacheKey key, CacheScope scope, long maxAgeMillis) {
    return isServing() ? local.get(key, scope, maxAgeMillis) : null;
  }

  /**
   * What a look-up of several keys found.
   *
   * @param entries in the order of the keys, null where there is none
   */
  public record Lookups(List<@Nullable CacheEntry> entries, Ticket ticket) {}

  /**
   * Looks in Redis and takes the ticket with which the answer may be stored; without Redis it is
   * complete at once. Never fails.
   */
  public CompletionStage<Lookup> shared(CacheKey key, CacheScope scope, long maxAgeMillis) {
    return shared(List.of(key), scope, maxAgeMillis)
        .thenApply(found -> new Lookup(found.entries().getFirst(), found.ticket()));
  }

  /**
   * Does the same for several keys of one scope, in one round trip. One that is being stored is
   * waited for; both together take no longer than a call waits for Redis.
   */
  public CompletionStage<Lookups> shared(List<CacheKey> keys, CacheScope scope, long maxAgeMillis) {
    long epoch = local.epoch();
    if (shared == null || !isServing()) {
      return CompletableFuture.completedStage(
          new Lookups(Collections.nCopies(keys.size(), null), new Ticket(epoch, -1)));
    }
    // One that was answered here a moment ago may be on its way there.
    CompletionStage<Void> stores = shared.stores().hurry(keys);
    if (stores == null) {
      return shared(shared, epoch, keys, scope, maxAgeMillis);
    }
    // A slow Redis is waited for once: store and look-up would each take what a call waits for it.
    Lookups late = new Lookups(Collections.nCopies(keys.size(), null), new Ticket(epoch, -1));
    return stores
        .thenCompose(done -> shared(shared, epoch, keys, scope, maxAgeMillis))
        .toCompletableFuture()
        .completeOnTimeout(late, RedisConnector.CALL.toMillis(), TimeUnit.MILLISECONDS);
  }

  private CompletionStage<Lookups> shared(
      Shared from, long epoch, List<CacheKey> keys, CacheScope scope, long maxAgeMillis) {
    return from.tier()
        .lookup(keys, scope)
        .thenApply(found -> {
          List<@Nullable CacheEntry> entries = new ArrayList<>(keys.size());
          for (int i = 0; i < keys.size(); i++) {
            CacheEntry entry = found.entry(i);
            boolean servable =
                entry != null
                    && isServing()
                    && !from.deleted().covers(entry)
                    && entry.isServable(ticker.epochMillis(), maxAgeMillis);
            if (entry != null && servable) {
              local.put(entry, epoch);
            }
            entries.add(servable ? entry : null);
          }
          return new Lookups(entries, new Ticket(epoch, found.generation()));
        });
  }

  /** Takes a ticket without looking, for a request that only stores. Never fails. */
  public CompletionStage<Ticket> ticket(CacheKey key, CacheScope scope) {
    return shared(key, scope, 0).thenApply(Lookup::ticket);
  }

  /** Returns whether a look-up that found nothing means that there is nothing. */
  public boolean isCertain(Lookup lookup) {
    return shared == null || lookup.ticket.generation >= 0;
  }

  /**
   * Stores an answer of which {@link AnswerFacts#refusal} had nothing to say. Returns at once; with
   * too many stores under way the entry is dropped.
   */
  public void store(Ticket ticket, CacheEntry entry) {
    if (shared == null) {
      local.put(entry, ticket.epoch);
    } else if (ticket.generation >= 0 && isServing()) {
      shared.stores().add(entry, ticket.generation, taken -> local.put(taken, ticket.epoch));
    }
  }

  /**
   * Drops what matches, here, in Redis and on every replica within a second. Fails when Redis does.
   *
   * @return the ids dropped
   */
  public CompletionStage<List<String>> invalidate(Invalidation which) {
    List<String> here = local.invalidate(which);
    if (shared == null) {
      return CompletableFuture.completedStage(here);
    }
    InvalidationFeed replicas = shared.feed();
    long now = ticker.epochMillis();
    shared.deleted().add(which, now);
    // Told twice: at once, and again when Redis holds nothing that a replica could read back.
    return replicas
        .publish(which, now)
        .thenCompose(first -> shared.sweep().invalidate(which))
        .thenCompose(ids ->
            replicas
                .publish(which, now)
                .thenApply(second -> {
                  local.invalidate(which);
                  return ids;
                }));
  }

  /** Returns the ids that {@link #invalidate} would drop. */
  public CompletionStage<List<String>> dryRun(Invalidation which) {
    return shared == null
        ? CompletableFuture.completedStage(local.ids(which))
        : shared
            .sweep()
            .matching(which)
            .thenApply(found -> found.stream().map(RedisSweep.Match::id).toList());
  }

  /** Returns whether entries may be served: always without Redis, else while its news arrive. */
  public boolean isServing() {
    return shared == null || shared.feed().isFresh();
  }

  /** Changes the bound of the tier in process; what is over it goes. */
  public void resize(long maxBytes) {
    local.resize(maxBytes);
  }

  /** Returns the number of entries in process. */
  public long localEntries() {
    return local.count();
  }

  /** Returns the bytes that the entries in process take. */
  public long localBytes() {
    return local.bytes();
  }

  @Override
  public void close() {
    if (shared != null) {
      shared.feed().close();
    }
    local.close();
  }
}
