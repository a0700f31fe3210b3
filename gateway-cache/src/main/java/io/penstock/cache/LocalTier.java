package io.penstock.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.penstock.core.Ticker;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Entries in this process, bounded by bytes.
 *
 * <p>A delete wins against a store in flight: an invalidation first moves the epoch, then removes;
 * a store first puts, then compares the epoch with the one it started at. Whatever the order, one
 * of the two removes the entry.
 */
final class LocalTier {
  private final Cache<CacheKey, CacheEntry> entries;
  private final AtomicLong epoch = new AtomicLong();
  private final Ticker ticker;

  LocalTier(long maxBytes, Ticker ticker) {
    this.ticker = ticker;
    this.entries =
        Caffeine.newBuilder()
            .maximumWeight(maxBytes)
            .weigher((CacheKey key, CacheEntry entry) -> entry.weightBytes())
            .executor(Runnable::run)
            .build();
  }

  long epoch() {
    return epoch.get();
  }

  @Nullable CacheEntry get(CacheKey key, CacheScope scope, long maxAgeMillis) {
    CacheEntry entry = entries.getIfPresent(key);
    if (entry == null || !entry.identity().scope().equals(scope)) {
      return null;
    }
    long now = ticker.epochMillis();
    if (now >= entry.life().expiresMillis()) {
      entries.asMap().remove(key, entry);
      return null;
    }
    return entry.isServable(now, maxAgeMillis) ? entry : null;
  }

  void put(CacheEntry entry, long epochAtStart) {
    CacheKey key = entry.identity().key();
    entries.put(key, entry);
    if (epoch.get() != epochAtStart) {
      entries.asMap().remove(key, entry);
    }
  }

  void invalidate(Invalidation which) {
    epoch.incrementAndGet();
    entries.asMap().values().removeIf(which::matches);
  }

  List<CacheEntry> matching(Invalidation which) {
    return entries.asMap().values().stream().filter(which::matches).toList();
  }

  void resize(long maxBytes) {
    entries.policy().eviction().ifPresent(bound -> bound.setMaximum(maxBytes));
  }

  long count() {
    return entries.estimatedSize();
  }

  long bytes() {
    return entries.policy().eviction().map(e -> e.weightedSize().orElse(0)).orElse(0L);
  }
}
