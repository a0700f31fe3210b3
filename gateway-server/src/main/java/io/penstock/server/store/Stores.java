package io.penstock.server.store;

import io.penstock.budget.BudgetListener;
import io.penstock.budget.Budgets;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.core.Ticker;
import io.penstock.ledger.Ledger;
import io.penstock.ledger.LedgerException;
import io.penstock.ledger.Spend;
import io.penstock.ledger.SpendQuery;
import io.penstock.server.config.Config;
import io.penstock.server.config.StateConfig;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was spent and what may be: the ledger, and the budgets that are filled from it. Opened
 * before the first request and closed after the last row, by one thread; what is inside is
 * thread-safe.
 */
public final class Stores implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Stores.class);
  private static final long TICK_MILLIS = 250;
  private static final long LEDGER_RETRY_MILLIS = 5_000;

  private final @Nullable ServingLock lock;
  private final Ledger ledger;
  private final Budgets budgets;
  private final boolean shared;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofVirtual().name("budgets-timer").factory());

  /** Two, so that clients who ask for their usage cannot keep the ledger from its work. */
  private final ExecutorService queries =
      Executors.newFixedThreadPool(2, Thread.ofVirtual().name("usage").factory());

  private Stores(@Nullable ServingLock lock, Ledger ledger, Budgets budgets, boolean shared) {
    this.lock = lock;
    this.ledger = ledger;
    this.budgets = budgets;
    this.shared = shared;
    this.timer.scheduleWithFixedDelay(
        budgets::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  /**
   * Opens them; may wait for a gateway that drains to let go of its ledger.
   *
   * @throws IOException when the ledger cannot be opened or another gateway serves with it, with
   *     the reason
   * @throws IllegalArgumentException when the shared state cannot serve budgets
   */
  public static Stores open(Config config, Ticker ticker, BudgetListener listener)
      throws IOException {
    ServingLock lock = ServingLock.take(config);
    try {
      return open(lock, Ledgers.open(config.ledger(), ticker), config, ticker, listener);
    } catch (IOException | RuntimeException e) {
      if (lock != null) {
        lock.close();
      }
      throw e;
    }
  }

  private static Stores open(
      @Nullable ServingLock lock,
      Ledger ledger,
      Config config,
      Ticker ticker,
      BudgetListener listener) {
    try {
      StateConfig state = config.state();
      Budgets budgets =
          state == null
              ? Budgets.embedded(ticker, listener, LedgerSums.all(ledger, ticker.epochMillis()))
              : SharedBudgets.open(config, state, ticker, ledger, listener);
      return new Stores(lock, ledger, budgets, state != null);
    } catch (RuntimeException e) {
      ledger.close();
      throw e;
    }
  }

  /** The gateway takes no more calls: one that waits for the ledger hears that it may go on. */
  public void draining() {
    if (lock != null) {
      lock.draining();
    }
  }

  public Ledger ledger() {
    return ledger;
  }

  public Budgets budgets() {
    return budgets;
  }

  /** Adds up what was spent, off the caller's thread. */
  public CompletionStage<Spend> spend(SpendQuery query) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            ledger.flush(2_000);
            return ledger.queries().spend(query);
          } catch (LedgerException e) {
            LOG.atWarn().addKeyValue("error", e.getMessage()).log("the ledger does not answer");
            throw new GatewayException(
                ErrorCode.OVERLOADED,
                "The ledger does not answer. Try again later.",
                null,
                LEDGER_RETRY_MILLIS);
          }
        },
        queries);
  }

  /** Closes them; every call is settled by now. */
  @Override
  public void close() {
    if (shared) {
      leave();
    }
    queries.shutdownNow();
    timer.shutdownNow();
    budgets.close();
    ledger.close();
    letGo();
  }

  private void letGo() {
    try {
      if (lock != null) {
        lock.close();
      }
    } catch (IOException e) {
      LOG.atWarn().setCause(e).log("the ledger's lock could not be given back before the end");
    }
  }

  /** What other replicas may spend instead is theirs at once. */
  private void leave() {
    try {
      budgets.leave().toCompletableFuture().get(1, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.atWarn().log("budgets could not leave Redis; their lease ends by itself");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
