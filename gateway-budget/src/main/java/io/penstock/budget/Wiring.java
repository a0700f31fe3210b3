package io.penstock.budget;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries a replica's wishes to the ledger, the listener and the callers. */
final class Wiring implements Effects {
  private static final Logger log = LoggerFactory.getLogger(Budgets.class);

  private final BudgetListener listener;
  private final LedgerFeed feed;
  private final CompletableFuture<Void> left = new CompletableFuture<>();
  private volatile long leaving;
  private @Nullable Driver driver;
  private @Nullable Desk desk;

  Wiring(BudgetListener listener, LedgerFeed feed) {
    this.listener = listener;
    this.feed = feed;
  }

  void start(Driver started, Desk at) {
    driver = started;
    desk = at;
  }

  private Driver driver() {
    return Objects.requireNonNull(driver, "not started");
  }

  @Override
  public void ledgerWanted(long epoch) {
    ask(
        () -> feed.sumsOfOtherEpochs(epoch),
        sums -> driver().run(r -> r.chores().ledger(epoch, sums)));
  }

  @Override
  public void totalsWanted(long owner) {
    ask(() -> feed.sumsOf(owner), sums -> driver().run(r -> r.chores().close(owner, sums)));
  }

  /** Returns a stage that completes when the store has closed this process's own owner. */
  CompletionStage<Void> leave(long owner) {
    leaving = owner;
    driver().run(r -> r.chores().end(owner));
    return left;
  }

  @Override
  public void closed(long owner) {
    log.info("budget owner ended owner={}", owner);
    if (owner == leaving) {
      left.complete(null);
    }
  }

  @Override
  public void crashed(long owner, List<Charge> totals) {
    log.warn("budget owner died owner={} counters={}: charged in full", owner, totals.size());
    ask(() -> feed.crashed(owner, totals), done -> driver().run(r -> r.chores().reaped(owner)));
  }

  /** Off the replica's lock, and again until it works: without the ledger there is no rejoin. */
  private <T> void ask(Supplier<CompletionStage<T>> question, Consumer<T> then) {
    Thread.startVirtualThread(() ->
        question
            .get()
            .whenComplete((answer, failure) -> {
              if (failure == null) {
                then.accept(answer);
              } else {
                log.warn("budgets cannot ask the ledger: {}", failure.toString());
                CompletableFuture.delayedExecutor(1, java.util.concurrent.TimeUnit.SECONDS)
                    .execute(() -> ask(question, then));
              }
            }));
  }

  @Override
  public void alert(BudgetAlert alert) {
    listener.alert(alert);
  }

  @Override
  public void complete(Call call, Verdict verdict) {
    driver().complete(call, verdict);
  }

  @Override
  public Verdict granted(Call call) {
    return Objects.requireNonNull(desk, "not started").granted(call);
  }
}
