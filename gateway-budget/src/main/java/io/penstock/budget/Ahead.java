package io.penstock.budget;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Meters that are asked for at the start of each window, all in a few moves, so that not each of
 * their callers has to ask. Guarded by the replica's lock.
 */
final class Ahead {
  /** By so much the store's clock may be behind what this replica takes it for. Milliseconds. */
  private static final long MARGIN = 50;

  /** Those of one length of window, whose windows begin at the same time. */
  private static final class Round {
    private final ArrayDeque<Portion> meters = new ArrayDeque<>();
    private long window;

    /** How many of them have not been looked at in this window. */
    private int left;
  }

  private final Map<Long, Round> rounds = new HashMap<>();

  /** Remembers a meter that has been granted something. */
  void remember(Portion meter) {
    if (!meter.remembered) {
      meter.remembered = true;
      rounds.computeIfAbsent(meter.window, w -> new Round()).meters.add(meter);
    }
  }

  /**
   * Returns the next that wants a portion of a window that has begun, or null.
   *
   * @param living replicas that share the rates
   */
  @Nullable Portion next(int living, long storeNow) {
    for (Map.Entry<Long, Round> e : rounds.entrySet()) {
      Round round = e.getValue();
      long window = Math.floorDiv(storeNow - MARGIN, e.getKey());
      if (window != round.window) {
        round.window = window;
        round.left = round.meters.size();
      }
      while (round.left > 0) {
        round.left--;
        Portion meter = round.meters.remove();
        if (meter.isAtRest(storeNow)) {
          meter.remembered = false;
        } else {
          round.meters.add(meter);
          if (meter.isWanting(living, storeNow)) {
            return meter;
          }
        }
      }
    }
    return null;
  }
}
