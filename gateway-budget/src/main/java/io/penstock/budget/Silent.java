package io.penstock.budget;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Owners of which the store says that their lease is over. All of them seem so at once when the
 * store's clock is set forward; whoever lives speaks within a heartbeat, and is told of no more. So
 * one is taken for dead when the store still says so a while later. Guarded by the replica's lock.
 */
final class Silent {
  private final long patience;
  private final Map<Long, Long> since = new HashMap<>();

  /** Creates the list; nobody is on it. */
  Silent(Settings settings) {
    this.patience = settings.heartbeat() * 3 / 2;
  }

  /**
   * Returns those of which the store has said so for long enough.
   *
   * @param expired all of which it says so now
   * @param now milliseconds of the replica's clock
   */
  List<Long> dead(List<Long> expired, long now) {
    since.keySet().retainAll(expired);
    return expired.stream()
        .filter(owner -> now - since.computeIfAbsent(owner, first -> now) >= patience)
        .toList();
  }
}
