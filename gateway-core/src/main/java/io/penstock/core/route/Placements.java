package io.penstock.core.route;

import io.penstock.core.Ticker;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where conversations (or keys, or users) were answered last, and how long that provider's prompt
 * cache stays warm. Bounded: the least recently used is forgotten. Any thread; the lock is held for
 * one map operation.
 */
public final class Placements {
  private final Ticker ticker;
  private final Map<String, Placement> recent;

  /**
   * One placement.
   *
   * @param target the target's name in the route that is sticky
   * @param key id of the provider key, "" when there is but one
   * @param warmTokens input tokens in the provider's prompt cache
   * @param usedAt monotonic nanoseconds
   * @param warmUntil monotonic nanoseconds
   * @param turns answers so far
   */
  record Placement(
      String target, String key, long warmTokens, long usedAt, long warmUntil, int turns) {
    boolean isWarm(long now) {
      return warmTokens > 0 && warmUntil - now > 0;
    }
  }

  /** Creates an empty memory for at most that many placements. */
  public Placements(Ticker ticker, int capacity) {
    this.ticker = ticker;
    this.recent =
        new LinkedHashMap<>(1024, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Placement> eldest) {
            return size() > capacity;
          }
        };
  }

  synchronized @Nullable Placement find(String name) {
    return recent.get(name);
  }

  /** Records an answer; {@code ttlNanos} 0 when the provider keeps no prompt cache. */
  synchronized void put(String name, String target, String key, long warmTokens, long ttlNanos) {
    long now = ticker.nanoTime();
    Placement last = recent.get(name);
    int turns = last == null ? 1 : last.turns + 1;
    recent.put(name, new Placement(target, key, warmTokens, now, now + ttlNanos, turns));
  }
}
