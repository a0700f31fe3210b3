package io.penstock.budget;

/**
 * When a replica speaks to the store, beyond what cannot wait. Guarded by the replica's lock;
 * milliseconds of its clock.
 *
 * <p>It tells what has changed after every tenth settled attempt, but all replicas together not
 * more often than twenty times a second, so that Redis is called as often for a load that eight
 * replicas share as for one that one replica has; and after a heartbeat at the latest. Each of
 * these renews the lease; a hello is said for it only when there is nothing else to say, and every
 * second lease for what it answers besides.
 */
final class Pace {
  /** Settled attempts between two syncs. */
  static final int ATTEMPTS = 10;

  /** All replicas together leave so long between two syncs. */
  private static final long LEAST = 50;

  /** Attempts that are settled while nothing happens are noticed so late. */
  private static final long IDLE = 500;

  private static final long CLOSED_BEAT = 250;

  private final Settings settings;
  private final Slices slices;
  private long helloAt;
  private long helloBy;
  private long syncAt;
  private long pacedAt;

  /** Of all settled attempts those that no sync has to be made for any more. */
  private long told;

  Pace(Settings settings, Slices slices) {
    this.settings = settings;
    this.slices = slices;
  }

  boolean isHelloDue(long now) {
    return now >= helloAt;
  }

  void helloAt(long time) {
    helloAt = time;
  }

  /** The store has answered a hello. */
  void greeted(boolean open, long now) {
    helloAt = now + (open ? settings.heartbeat() : Math.min(CLOSED_BEAT, settings.heartbeat()));
    helloBy = now + 2 * settings.lease();
  }

  /** The store has answered a move, which renews the lease too. */
  void moved(boolean open, long now) {
    if (open) {
      helloAt = Math.min(helloBy, now + settings.heartbeat());
    }
  }

  /** Returns the milliseconds after which something may be due. */
  long rest(long now) {
    long look = slices.settled() == told ? IDLE : LEAST;
    return Math.clamp(Math.min(helloAt, syncAt) - now, 1, look);
  }

  /**
   * Whether what has changed is to be told now; if so, it counts as told.
   *
   * @param living replicas that share the store
   */
  boolean takeSync(int living, long now) {
    long settled = slices.settled();
    boolean paced = !settings.alone() && now >= pacedAt && settled - told >= ATTEMPTS;
    if (!paced && now < syncAt) {
      return false;
    }
    // What is over the ten counts for the next time, but a burst is not made up for for ever.
    told = paced ? Math.max(told + ATTEMPTS, settled - ATTEMPTS) : settled;
    syncAt = now + settings.heartbeat();
    // A slice near its limit lasts a second, and is filled up with what is told.
    pacedAt = now + Math.min(settings.heartbeat() / 4, LEAST * living);
    return true;
  }
}
