package io.penstock.ledger;

import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The running ledger of one process: journals, ledger thread, database. {@link #writer()} once per
 * event loop at start; the rest from any thread that may block, unless it says otherwise.
 */
public interface Ledger extends AutoCloseable {
  /** So many reports share the memory for their groups; more of them wait for each other. */
  int REPORTS = 4;

  /** Returns a new writer for one event loop. */
  LedgerWriter writer();

  /** Returns the figures for metrics. */
  LedgerStats stats();

  /**
   * Waits until everything written before this call is in the database.
   *
   * @throws LedgerException when the database did not take it within the given time
   */
  void flush(long timeoutMillis);

  /**
   * Appends a row that no attempt made: a top-up, a reset, a correction. In the database when this
   * returns, after 17 s at most. Any thread. A row whose id is there already is not booked again.
   *
   * @throws StillBookingException when it is being written then: it is tried until it is booked
   * @throws LedgerException when the database does not take it: it is not booked later either
   */
  void book(LedgerRow row);

  /**
   * Does so with a correction of one counter that was computed from what the counter was charged,
   * unless any replica has corrected that counter since.
   *
   * @param corrections what the counter's corrections summed to then: its total of owner 0
   * @return false when this has booked nothing, because another correction came first or a row with
   *     that id is there
   * @throws StillBookingException when it is being written then: it is tried until it is booked, or
   *     another correction has come first
   * @throws LedgerException when the database does not take it: it is not booked later either
   */
  boolean bookUnlessCorrected(LedgerRow correction, long corrections);

  /**
   * Keeps what a request said, apart from its rows; written with one of the next batches. Any
   * thread; never waits.
   *
   * @return false when too much waits already, so that it is not kept
   */
  boolean keep(Content content);

  /**
   * Takes back what was booked, or will be, for an owner that was given up although it lives. In
   * the database when this returns. Any thread.
   *
   * @throws LedgerException when the database does not take it
   */
  void found(long owner);

  /**
   * Passes every row to a listener from now on, once it is committed. On the ledger's thread: hand
   * it on, do not block, do not throw.
   */
  void onCommit(Consumer<LedgerRow> listener);

  /** Reads of what is committed. */
  LedgerQueries queries();

  /**
   * Keeps a price catalogue that was fetched. Any thread; does not block: it is written after the
   * rows that wait, and tried until the database takes it.
   */
  void keep(Catalogue catalogue);

  /** Price catalogues that were kept. */
  CatalogueBook catalogues();

  /** Returns what the journals of dead processes held when this ledger was opened. */
  Recovery recovery();

  /** Commits what is in the journal, as far as the database takes it, and ends the threads. */
  @Override
  void close();

  /** Returns the request id of its text form, or null when the text is none. */
  static @Nullable UUID parseId(String text) {
    try {
      return text.length() == 36 ? UUID.fromString(text) : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
