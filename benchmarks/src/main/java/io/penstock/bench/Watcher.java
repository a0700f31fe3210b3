package io.penstock.bench;

/** Sees every request of a run end; called on the generator's loop. */
interface Watcher {
  /** Looks at nothing. */
  Watcher NONE = (due, latency, outcome) -> {};

  /** How a request ended. */
  enum Outcome {
    DONE,
    /** 503 with retry-after. */
    SHED,
    FAILED
  }

  /**
   * A request has ended.
   *
   * @param dueNanos when it was due, from the start of the run
   * @param latencyNanos from then to its last byte
   */
  void ended(long dueNanos, long latencyNanos, Outcome outcome);
}
