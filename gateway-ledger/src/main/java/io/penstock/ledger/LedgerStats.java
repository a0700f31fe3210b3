package io.penstock.ledger;

/** What the ledger's metrics show. Any thread; cheap. */
public interface LedgerStats {
  /** Records in the journal that the database does not have yet. */
  long queue();

  /**
   * Nanoseconds since the oldest of them was written, 0 when there is none; may be as much more as
   * the ledger's thread lets records gather.
   */
  long oldestNanos();

  /** Rows with money that could not be kept. Stays 0; anything else is a defect or a dead disk. */
  long lost();

  /** Refusals and cache hits, cost 0, that found half of the journal waiting for the database. */
  long unrecorded();

  /**
   * Rows that the database refuses for what they say, since the start: they are in a file beside
   * the journals' directory. Stays 0; anything else is a defect.
   */
  long refused();

  /** Rows for which a journal segment had to be made on the event loop. */
  long stalls();

  /** Attempts that have an intent and no row yet. */
  long open();

  /** Whether intents are refused now. */
  boolean full();

  /** Whether the journal's disk had no room when the journal last had to grow. */
  boolean diskFull();

  /** Milliseconds since the epoch of the last commit, or 0. */
  long lastCommitMillis();

  /** What the database last said when it could not be used, or "" while it works. */
  String databaseError();
}
