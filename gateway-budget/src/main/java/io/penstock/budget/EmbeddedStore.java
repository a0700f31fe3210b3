package io.penstock.budget;

import io.penstock.budget.Request.Answer;
import io.penstock.core.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The store of a gateway without Redis. Guarded by the driver's lock, but for the listing. */
final class EmbeddedStore implements BudgetStore {
  private static final long SWEEP_NANOS = 60_000_000_000L;
  private static final long DAY = 86_400_000;

  private final Ticker ticker;
  private final MemoryStore store;
  private final PastReadings clock;

  /** Monotonic, nanoseconds. */
  private long sweptAt;

  EmbeddedStore(Ticker ticker, Iterable<LedgerPart> settled) {
    this.ticker = ticker;
    this.clock = new PastReadings(ticker.nanoTime());
    this.sweptAt = ticker.nanoTime();
    this.store = new MemoryStore(Settings.embedded().lease(), 0, true);
    // The first word makes the epoch, so that what the ledger has can be told before any owner.
    store.apply(new Request.Hello(0, 0, 0, false), ticker.epochMillis());
    List<LedgerPart> parts = new ArrayList<>();
    settled.forEach(parts::add);
    store.apply(new Request.Ledger(store.epoch(), parts), ticker.epochMillis());
  }

  @Override
  public void start(Driver driver) {
    driver.run(r -> r.connected(driver.now()));
  }

  @Override
  public Answer send(Request request) {
    synchronized (store) {
      long now = ticker.epochMillis();
      sweep(now);
      return store.apply(request, now);
    }
  }

  /**
   * Nobody has what is forgotten, so a clock that is ahead for some minutes must not make a window
   * old: all of the last day has to lie behind its end, not only a day of what the clock shows.
   */
  private void sweep(long now) {
    long nanos = ticker.nanoTime();
    if (nanos - sweptAt > SWEEP_NANOS) {
      sweptAt = nanos;
      long certain = clock.earliest(nanos, now);
      if (certain != Long.MIN_VALUE) {
        store.sweep(Math.min(now, certain + DAY));
      }
    }
  }

  @Override
  public CompletionStage<Long> spent(CounterKey key) {
    synchronized (store) {
      StoredCounter counter = store.counter(key.id());
      return CompletableFuture.completedFuture(counter == null ? 0L : counter.spent);
    }
  }

  @Override
  public CompletionStage<BudgetPage> page(String cursor, int most) {
    long skip = BudgetPage.place(cursor);
    List<BudgetState> page = new ArrayList<>();
    synchronized (store) {
      int at = 0;
      for (StoredCounter c : store.counters()) {
        if (Long.compareUnsigned(at, skip) >= 0
            && page.size() < most
            && c.unit() != Limit.Unit.PERMITS) {
          page.add(new BudgetState(c.key, c.unit(), -1, c.spent, c.used - c.spent));
        }
        at++;
        if (page.size() == most) {
          return CompletableFuture.completedStage(new BudgetPage(page, Integer.toString(at)));
        }
      }
    }
    return CompletableFuture.completedStage(new BudgetPage(page, ""));
  }

  @Override
  public void close() {
    // Nothing outlives the process: the ledger has it all.
  }
}
