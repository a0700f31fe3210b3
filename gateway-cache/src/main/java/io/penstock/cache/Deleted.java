package io.penstock.cache;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What was deleted, and when: an entry of the shared tier that was made before is none, whoever put
 * it back. Bounded; of more deletes than it holds the older half become one of everything that was
 * made before the last of them, so what is forgotten costs misses. Thread-safe.
 */
final class Deleted {
  /** Ids are looked up, other selectors are gone through for every entry that Redis gives. */
  private static final int MOST_IDS = 10_000;

  private static final int MOST_SELECTORS = 64;

  private final Map<String, Long> ids = new ConcurrentHashMap<>();
  private final Map<Invalidation, Long> selectors = new ConcurrentHashMap<>();
  private volatile long everything = Long.MIN_VALUE;

  /** Takes note of a delete; a second time changes nothing. */
  synchronized void add(Invalidation which, long atMillis) {
    Long given = which.createdBeforeMillis();
    long before = given == null ? atMillis : Math.min(given, atMillis);
    Invalidation any = which.ofAnyAge();
    if (any.isAll()) {
      everything = Math.max(everything, before);
    } else if (any.ids() != null && any.equals(Invalidation.ofIds(any.ids()))) {
      any.ids().forEach(id -> ids.merge(id, before, Math::max));
      halve(ids, MOST_IDS);
    } else {
      selectors.merge(any, before, Math::max);
      halve(selectors, MOST_SELECTORS);
    }
  }

  private <K> void halve(Map<K, Long> known, int most) {
    if (known.size() > most) {
      List<Long> times = new ArrayList<>(known.values());
      Collections.sort(times);
      everything = Math.max(everything, times.get(times.size() / 2));
      known.values().removeIf(before -> before <= everything);
    }
  }

  /** Returns whether an entry was made before it was deleted. */
  boolean covers(CacheEntry entry) {
    long created = entry.life().createdMillis();
    if (created < everything) {
      return true;
    }
    Long before = ids.isEmpty() ? null : ids.get(entry.id());
    if (before != null && created < before) {
      return true;
    }
    for (Map.Entry<Invalidation, Long> selector : selectors.entrySet()) {
      if (created < selector.getValue() && selector.getKey().matches(entry)) {
        return true;
      }
    }
    return false;
  }
}
