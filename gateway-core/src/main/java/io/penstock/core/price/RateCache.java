package io.penstock.core.price;

import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The rates of one model under the conditions asked for lately. To find them every card of the
 * model is looked at; calls of the same minute mostly ask for the same. Bounded; thread-safe.
 */
final class RateCache {
  private static final long MINUTE_MILLIS = 60_000;
  private static final int MAX_CACHED = 256;

  private record Key(long minute, String region, String tier, int contextClass) {
    boolean is(long inMinute, String where, String inTier, int step) {
      return minute == inMinute
          && contextClass == step
          && tier.equals(inTier)
          && region.equals(where);
    }
  }

  private record Resolved(Key key, Rates rates) {}

  /** Finds rates that are not kept. */
  @FunctionalInterface
  interface Source {
    /** Returns the rates of that time; the same for all times within its minute. */
    Rates find(long epochMillis, String region, String tier, int contextClass);
  }

  private final Source source;
  private final ConcurrentHashMap<Key, Rates> resolved = new ConcurrentHashMap<>();

  /**
   * What was asked for last: a request asks several times for the same, as the one before it did.
   */
  private volatile @Nullable Resolved latest;

  RateCache(Source source) {
    this.source = source;
  }

  /**
   * Returns the rates.
   *
   * @param region "" for none
   * @param tier the service tier
   * @param contextClass how many steps of a context-dependent price are exceeded
   */
  Rates rates(long epochMillis, String region, String tier, int contextClass) {
    long minute = epochMillis / MINUTE_MILLIS;
    Resolved last = latest;
    if (last != null && last.key.is(minute, region, tier, contextClass)) {
      return last.rates;
    }
    Key key = new Key(minute, region, tier, contextClass);
    Rates rates = resolved.get(key);
    if (rates == null) {
      if (resolved.size() >= MAX_CACHED) {
        resolved.clear();
      }
      rates = source.find(epochMillis, region, tier, contextClass);
      resolved.put(key, rates);
    }
    latest = new Resolved(key, rates);
    return rates;
  }
}
