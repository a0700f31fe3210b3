package io.penstock.ledger;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads of what is committed. Thread-safe; each call blocks on the database and never runs on an
 * event loop.
 */
public interface LedgerQueries {
  /** Returns the rows of that request by attempt; empty when it is unknown. */
  List<LedgerRow> request(UUID request);

  /** Returns what was kept of what that request said, or null. */
  @Nullable Content content(UUID request);

  /**
   * Returns rows, newest first, without those of cost 0 that only hold a dead replica's allowance.
   *
   * @param before only rows older than this row id; null: from the newest
   * @param limit at most so many
   */
  List<LedgerRow> recent(@Nullable UUID before, int limit);

  /**
   * Returns those of them that a query asks for. It may read all rows of its period to find few.
   *
   * @param where its {@code where} counts, and its period, here by when requests came
   */
  List<LedgerRow> recent(@Nullable UUID before, int limit, SpendQuery where);

  /**
   * Passes every row that ended in that period to the consumer, in order of its end, without charge
   * list and content. Rows are read as the consumer takes them.
   *
   * @param from epoch milliseconds, included
   * @param to epoch milliseconds, excluded
   */
  void rows(long from, long to, Consumer<LedgerRow> consumer);

  /**
   * Passes the rows of every request that arrived in that period to the consumer, request by
   * request in order of arrival, with content where it was kept and without charge lists. Rows are
   * read as the consumer takes them.
   *
   * @param from epoch milliseconds, included
   * @param to epoch milliseconds, excluded
   */
  void requests(long from, long to, RequestConsumer consumer);

  /** Returns sums by dimension and period, exact to the nano. */
  Spend spend(SpendQuery query);

  /** Returns what each counter of that owner was charged, ever. */
  Map<UUID, Long> ownerTotals(long owner);

  /** Returns what that counter was charged, ever, by owner; 0: corrections. */
  Map<Long, Long> counterTotals(UUID counter);

  /**
   * Passes what each counter was charged, in no order and as it is read. A restored budget store
   * gets its ledger part from here.
   *
   * @param endsAfter epoch milliseconds: only counters whose window ends after that
   */
  void counterSums(long endsAfter, Owned owned, CounterConsumer consumer);

  /** Takes requests one by one. */
  interface RequestConsumer {
    /**
     * Takes the rows of a request, by attempt.
     *
     * @param content what it said; null where that was not kept
     */
    void accept(List<LedgerRow> rows, @Nullable Content content);
  }

  /** Takes counters one by one. */
  interface CounterConsumer {
    /**
     * Takes a counter.
     *
     * @param sum in the counter's unit
     */
    void accept(Counter counter, long sum);
  }

  /**
   * Whose charges count.
   *
   * @param first lowest number of an owner
   * @param last highest, included
   * @param within whether those between count, or all others
   */
  record Owned(long first, long last, boolean within) {
    /** Everybody's, corrections too. */
    public static final Owned ALL = new Owned(Long.MIN_VALUE, Long.MAX_VALUE, true);
  }
}
