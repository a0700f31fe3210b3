package io.penstock.budget;

/**
 * The times of the algorithm. Milliseconds.
 *
 * @param lease how long an owner is taken for alive after its last word
 * @param share how long a replica goes on with what it was granted when the store is away
 * @param callTimeout how long a call waits for the store, recalls included
 * @param outage what a replica does while the store is away
 * @param alone the store is in this process and has no other replica
 */
record Settings(long lease, long share, long callTimeout, Outage outage, boolean alone) {
  /** A slice that is far from its limit is kept this long without use. */
  static final long IDLE_FAR = 60_000;

  /** One that is near its limit goes back sooner: others need it. */
  static final long IDLE_NEAR = 5_000;

  static Settings shared(Outage outage) {
    return new Settings(10_000, outage == Outage.DENY ? 0 : 75_000, 250, outage, false);
  }

  static Settings embedded() {
    return new Settings(10_000, Long.MAX_VALUE / 4, 250, Outage.SHARE, true);
  }

  long heartbeat() {
    return lease / 5;
  }
}
