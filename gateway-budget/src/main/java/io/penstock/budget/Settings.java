package io.penstock.budget;

/**
 * The times of the algorithm. Milliseconds.
 *
 * @param lease how long an owner is taken for alive after its last word
 * @param share how long a replica goes on with what it was granted when the store is away
 * @param callTimeout how long a call waits for the store, recalls included
 * @param idleFar how long a slice far from its limit is kept without use
 * @param idleNear how long one that is near its limit is: others need it
 * @param outage what a replica does while the store is away
 * @param alone the store is in this process and has no other replica
 * @param counters how many of them one move tells of, beside those that its calls need
 */
record Settings(
    long lease,
    long share,
    long callTimeout,
    long idleFar,
    long idleNear,
    Outage outage,
    boolean alone,
    int counters) {
  private static final int COUNTERS = 500;

  static Settings shared(Outage outage) {
    return new Settings(
        10_000,
        outage == Outage.DENY ? 10_000 : 75_000,
        250,
        300_000,
        5_000,
        outage,
        false,
        COUNTERS);
  }

  static Settings embedded() {
    return new Settings(
        10_000, Long.MAX_VALUE / 4, 250, 60_000, 5_000, Outage.SHARE, true, COUNTERS);
  }

  long heartbeat() {
    return lease / 5;
  }
}
