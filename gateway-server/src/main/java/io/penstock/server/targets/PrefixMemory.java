package io.penstock.server.targets;

import io.penstock.core.Ticker;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Which prefixes of prompts a target has read within the life of its prompt cache. Bounded: the
 * least recently used is forgotten. Any thread; the lock is held for one map operation.
 */
public final class PrefixMemory {
  /** Providers keep an unextended mark for five minutes after its last use. */
  private static final long LIFE_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final Ticker ticker;
  private final Map<Key, Long> recent;

  private record Key(String target, long hash) {}

  PrefixMemory(Ticker ticker, int capacity) {
    this.ticker = ticker;
    this.recent =
        new LinkedHashMap<>(1024, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<Key, Long> eldest) {
            return size() > capacity;
          }
        };
  }

  public synchronized boolean knows(String target, long hash) {
    Long at = recent.get(new Key(target, hash));
    return at != null && ticker.nanoTime() - at < LIFE_NANOS;
  }

  public synchronized void note(String target, long hash) {
    recent.put(new Key(target, hash), ticker.nanoTime());
  }
}
