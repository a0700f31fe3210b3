package io.penstock.budget;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a replica asks the store. Amounts of counters are absolute, so that a lost or repeated
 * message does no harm. {@code epoch} is the life of the data that the sender believes in.
 */
sealed interface Request {
  /** The life of the data that the sender believes in; 0: none yet. */
  long epoch();

  /**
   * Opens a connection, and is the heartbeat.
   *
   * @param owner 0 asks for a new one
   * @param fence grows with every connection; older connections are shut out
   * @param ready all allowances and ledger sums of this owner have been told
   */
  record Hello(long epoch, long owner, long fence, boolean ready) implements Request {}

  /** Tells allowances, asks for grants. */
  record Move(
      long epoch, long owner, long fence, List<Entry> counters, List<Call> calls, List<Take> takes)
      implements Request {}

  /**
   * One counter of a move.
   *
   * @param key sent in full when the store may not know the counter
   * @param attach the sender does not know its own figures: keep and answer them
   * @param have all that the sender may commit, spent included
   * @param spent what it settled
   * @param limit of the sender's configuration
   * @param low below this room the counter becomes tight
   * @param extra what the sender would like beyond its calls
   * @param drained the sender keeps nothing free: what a recall asks for
   * @param claim which of {@code alerts} the sender wants to send: a bit for each
   * @param alerts the thresholds of the sender's configuration, percent
   */
  record Entry(
      CounterKey key,
      Limit.Unit unit,
      boolean attach,
      long have,
      long spent,
      long limit,
      long low,
      long extra,
      boolean drained,
      int claim,
      List<Integer> alerts) {}

  /**
   * Amounts to be granted all or none: {@code need[i]} of the counter at {@code counter[i]}, if all
   * allowances of that are {@code most[i]} then or less. That is its limit, or more for a call that
   * its budget has sent to another model.
   */
  record Call(int[] counter, long[] need, long[] most) {}

  /** A portion of a sliding rate: at least {@code need}, at best {@code extra} more. */
  record Take(UUID id, long windowMillis, long limit, long need, long extra) {}

  /** Charges a dead owner in full; {@code done} once the rows for it are in the ledger. */
  record Reap(long epoch, long owner, boolean done) implements Request {}

  /** Ends an owner: its counters become what the ledger has of it. */
  record Close(long epoch, long owner, List<LedgerPart> totals) implements Request {}

  /** Tells what the ledger has of owners that are not of this epoch. */
  record Ledger(long epoch, List<LedgerPart> parts) implements Request {}

  /** What the store answers. */
  sealed interface Answer {
    /**
     * The connection is open.
     *
     * @param time epoch milliseconds of the store, to which windows and rates refer
     * @param open whether it grants
     * @param expired owners whose lease is over
     */
    record Welcome(long epoch, long owner, long time, boolean open, List<Long> expired)
        implements Answer {}

    /** The data lives its life number {@code epoch}; the sender has to join it. */
    record Stale(long epoch) implements Answer {}

    /** The sender's owner has been reaped or closed. */
    record Gone(long epoch) implements Answer {}

    /** A newer connection of the same owner exists. */
    record Fenced() implements Answer {}

    /**
     * The answer to a move.
     *
     * @param living owners that are alive
     * @param calls one per call: {@link #GRANTED}, {@link #WAIT}, or the counter that refused
     * @param expired owners whose lease is over
     */
    record Moved(
        boolean open,
        int living,
        List<State> counters,
        int[] calls,
        List<Taken> takes,
        List<Long> expired)
        implements Answer {
      static final int GRANTED = -1;
      static final int WAIT = -2;
    }

    /**
     * A counter after a move.
     *
     * @param have the sender's allowance
     * @param spent the sender's settled sum
     * @param used all allowances and the ledger's part
     * @param allSpent all settled sums and the ledger's part
     * @param tight number of the recall that is on; 0: none
     * @param waiting how many owners have not obeyed it yet
     * @param won the claimed alerts that are the sender's to send; bits as in the entry
     * @param taken which of the entry's alerts somebody sends or has sent
     * @param given version of the ledger's part that last gave something back; 0: none did
     */
    record State(
        long have,
        long spent,
        long used,
        long allSpent,
        long tight,
        int waiting,
        int won,
        int taken,
        long given) {}

    /**
     * A portion.
     *
     * @param granted 0 when not even the need fits
     * @param remaining what the window still allows after it
     * @param retryMillis when the need may fit
     */
    record Taken(long granted, long remaining, long retryMillis) {}

    /** What a dead owner is charged, in full; the ledger's totals are lifted to these. */
    record Reaped(long owner, List<Charge> totals) implements Answer {}

    /** Done. */
    record Done() implements Answer {}
  }

  /** A way to the store. At most one request is under way. */
  interface Link {
    /** Sends a request; returns the answer when the store is in process, else null. */
    @Nullable Answer send(Request request);

    /**
     * Says in how many milliseconds the replica wants to be ticked at the latest; said after
     * everything that happens to it. Whoever is ticked often anyway need not listen.
     */
    default void wakeIn(long millis) {}
  }
}
