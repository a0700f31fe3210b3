package io.penstock.server.store;

import io.penstock.budget.Budgets;
import io.penstock.budget.Charge;
import io.penstock.budget.CounterKey;
import io.penstock.budget.LedgerPart;
import io.penstock.budget.Owners;
import io.penstock.ledger.Ledger;
import io.penstock.ledger.LedgerQueries;
import io.penstock.server.call.accounting.Charges;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongPredicate;

/**
 * What the ledger has of counters, as the budgets want it told. Blocks on the database. Only what
 * is committed counts: flush first.
 */
public final class LedgerSums {
  /** A counter lives a day longer than its window: an owner may be closed after the window. */
  private static final long AFTER_WINDOW = Duration.ofDays(1).toMillis();

  private final Ledger ledger;
  private final Budgets budgets;
  private final AtomicLong version = new AtomicLong();

  public LedgerSums(Ledger ledger, Budgets budgets) {
    this.ledger = ledger;
    this.budgets = budgets;
  }

  /**
   * Sums over all rows, for a store that starts empty in this process. Also of windows that have
   * just ended: a clock that is ahead may be set right.
   */
  static List<LedgerPart> all(Ledger ledger, long nowMillis) {
    return parts(ledger.queries(), nowMillis - AFTER_WINDOW, LedgerQueries.Owned.ALL, 1);
  }

  /** Sums of counters whose window has not ended, over the rows of owners of other epochs. */
  List<LedgerPart> ofOtherEpochs(long epoch) {
    // Taken before the read: a version promises everything that was committed before it.
    long next = nextVersion();
    LedgerQueries.Owned others =
        new LedgerQueries.Owned(Owners.firstOf(epoch), Owners.firstOf(epoch + 1) - 1, false);
    return parts(ledger.queries(), budgets.storeNow(), others, next);
  }

  /** The same of one counter. */
  public LedgerPart ofOtherEpochs(CounterKey counter, long epoch) {
    long next = nextVersion();
    Map<Long, Long> totals = ledger.queries().counterTotals(counter.id());
    return new LedgerPart(counter, next, sum(totals, owner -> Owners.epochOf(owner) != epoch));
  }

  /**
   * What is booked on a counter.
   *
   * @param all corrections included
   */
  public record Committed(long all, long corrections) {}

  /** Reads both at once. */
  public Committed committed(CounterKey counter) {
    Map<Long, Long> totals = ledger.queries().counterTotals(counter.id());
    return new Committed(sum(totals, owner -> true), totals.getOrDefault(0L, 0L));
  }

  private static long sum(Map<Long, Long> totals, LongPredicate owners) {
    long sum = 0;
    for (Map.Entry<Long, Long> total : totals.entrySet()) {
      if (owners.test(total.getKey())) {
        sum = Math.addExact(sum, total.getValue());
      }
    }
    return sum;
  }

  /** Sums of one owner's rows. */
  List<LedgerPart> of(long owner) {
    long next = nextVersion();
    LedgerQueries.Owned its = new LedgerQueries.Owned(owner, owner, true);
    return parts(ledger.queries(), budgets.storeNow() - AFTER_WINDOW, its, next);
  }

  /** What the ledger lacks of these totals of one owner. */
  List<Charge> missing(long owner, List<Charge> totals) {
    Map<UUID, Long> has = ledger.queries().ownerTotals(owner);
    List<Charge> missing = new ArrayList<>();
    for (Charge total : totals) {
      long lacks = total.amount() - has.getOrDefault(total.counter().id(), 0L);
      if (lacks > 0) {
        missing.add(new Charge(total.counter(), owner, lacks));
      }
    }
    return missing;
  }

  /** By the store's clock, which all replicas share, so that the later read wins everywhere. */
  private long nextVersion() {
    long now = budgets.storeNow();
    return version.updateAndGet(last -> Math.max(last + 1, now));
  }

  private static List<LedgerPart> parts(
      LedgerQueries ledger, long endsAfter, LedgerQueries.Owned owned, long version) {
    List<LedgerPart> parts = new ArrayList<>();
    ledger.counterSums(
        endsAfter,
        owned,
        (counter, sum) -> parts.add(new LedgerPart(Charges.key(counter), version, sum)));
    return parts;
  }
}
