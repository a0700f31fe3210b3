package io.penstock.server.simulate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a provider's own prompt cache may hold: parts of prompts, by target, for five minutes after
 * their last use. Only requests whose parts are known take part.
 */
final class WarmPrefixes {
  private static final long WARM_MILLIS = 300_000;

  /** Providers cache nothing shorter. */
  private static final int LEAST_TOKENS = 1024;

  private static final int BLOCK_TOKENS = 512;
  private static final int MOST = 1_000_000;

  private final Map<String, Map<Long, Long>> used = new LinkedHashMap<>();

  /** Returns the tokens of the longest warm prefix, and keeps the whole prompt warm. */
  long read(String target, List<Long> blocks, long atMillis) {
    if (blocks.isEmpty()) {
      return 0;
    }
    Map<Long, Long> known =
        used.computeIfAbsent(
            target,
            name ->
                new LinkedHashMap<>(1024, 0.75f, true) {
                  @Override
                  protected boolean removeEldestEntry(Map.Entry<Long, Long> eldest) {
                    return size() > MOST;
                  }
                });
    long tokens = 0;
    boolean prefix = true;
    for (Long block : blocks) {
      Long last = known.put(block, atMillis);
      prefix = prefix && last != null && atMillis - last < WARM_MILLIS;
      tokens += prefix ? BLOCK_TOKENS : 0;
    }
    return tokens < LEAST_TOKENS ? 0 : tokens;
  }
}
