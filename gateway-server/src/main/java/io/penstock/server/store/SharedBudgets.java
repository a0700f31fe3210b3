package io.penstock.server.store;

import io.penstock.budget.BudgetListener;
import io.penstock.budget.Budgets;
import io.penstock.budget.Charge;
import io.penstock.budget.LedgerFeed;
import io.penstock.budget.LedgerPart;
import io.penstock.budget.Outage;
import io.penstock.budget.Owners;
import io.penstock.budget.RedisState;
import io.penstock.core.Ticker;
import io.penstock.ledger.Corrections;
import io.penstock.ledger.Ledger;
import io.penstock.server.call.accounting.Charges;
import io.penstock.server.config.Config;
import io.penstock.server.config.StateConfig;
import io.penstock.server.config.value.SecretUrl;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the budgets that replicas share in Redis, and answers what they ask of the ledger that all
 * replicas share. Questions run on virtual threads, for they wait for the database.
 */
public final class SharedBudgets implements LedgerFeed {
  private static final Logger LOG = LoggerFactory.getLogger(SharedBudgets.class);
  private static final long COMMIT_MILLIS = 10_000;

  private final Ledger ledger;
  private final Ticker ticker;
  private final Executor workers = Thread::startVirtualThread;
  private final CompletableFuture<LedgerSums> sums = new CompletableFuture<>();

  private SharedBudgets(Ledger ledger, Ticker ticker) {
    this.ledger = ledger;
    this.ticker = ticker;
  }

  /**
   * Opens budgets; they are ready later.
   *
   * @throws IllegalArgumentException when the address or that Redis cannot serve budgets
   */
  static Budgets open(
      Config config, StateConfig state, Ticker ticker, Ledger ledger, BudgetListener listener) {
    String warning = warning(config);
    if (warning != null) {
      LOG.atWarn().log(warning);
    }
    SharedBudgets feed = new SharedBudgets(ledger, ticker);
    Budgets budgets =
        Budgets.redis(
            ticker,
            new RedisState(
                state.redis().stream().map(SecretUrl::reveal).toList(),
                state.namespace(),
                Outage.valueOf(state.onOutage().name())),
            listener,
            feed);
    feed.sums.complete(new LedgerSums(ledger, budgets));
    Set<Long> dead = ledger.recovery().owners();
    if (!dead.isEmpty()) {
      budgets.ownersEnded(dead);
    }
    return budgets;
  }

  /** Returns why this shared state is not shared in full, or null. */
  public static @Nullable String warning(Config config) {
    return config.state() != null && config.ledger().url().reveal().startsWith("sqlite:")
        ? "state.redis is shared by replicas but ledger.url is an SQLite file: after a loss of"
            + " Redis each replica restores its own spend alone (expected: jdbc:postgresql://...,"
            + " or one replica)"
        : null;
  }

  private <T> CompletionStage<T> ask(Function<LedgerSums, T> question) {
    return sums.thenApplyAsync(
        from -> {
          ledger.flush(COMMIT_MILLIS);
          return question.apply(from);
        },
        workers);
  }

  @Override
  public CompletionStage<List<LedgerPart>> sumsOfOtherEpochs(long epoch) {
    return ask(from -> from.ofOtherEpochs(epoch));
  }

  @Override
  public CompletionStage<List<LedgerPart>> sumsOf(long owner) {
    return ask(from -> {
      // It may have been taken for dead while it slept.
      ledger.found(owner);
      return from.of(owner);
    });
  }

  @Override
  public CompletionStage<Void> crashed(long owner, List<Charge> totals) {
    return ask(
            from -> {
              for (Charge missing : from.missing(owner, totals)) {
                ledger.book(
                    Corrections.reaped(
                        since(missing), ticker.epochMillis(), Charges.toLedger(missing)));
              }
              return from;
            })
        .thenAccept(done -> {});
  }

  /** Known to every replica that reaps: the later of the owner's epoch and the window. */
  private static long since(Charge charge) {
    return Math.max(Owners.startOf(charge.owner()), charge.counter().windowStart());
  }
}
