package io.penstock.budget;

import io.penstock.core.Ticker;
import io.penstock.core.rule.Condition;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

/** Replicas in this process that share one budget in a real Redis, with a lease of 0.6 s. */
final class Replicas implements AutoCloseable {
  private static final Window TOTAL = new Window(Window.Every.TOTAL, ZoneOffset.UTC);
  private static final AtomicLong NAMESPACES = new AtomicLong();

  private final List<String> uris;
  private final List<Budgets> started = new ArrayList<>();
  private final String namespace = "n" + NAMESPACES.incrementAndGet();

  Replicas(String... uris) {
    this.uris = List.of(uris);
  }

  String namespace() {
    return namespace;
  }

  Budgets start(long limit) {
    Settings fast = new Settings(600, 75_000, 250, 60_000, 5_000, Outage.SHARE, false, 500);
    return start(limit, Ticker.system(), fast);
  }

  Budgets start(long limit, Ticker ticker, Settings settings) {
    Budgets budgets =
        Budgets.shared(
            ticker,
            new RedisState(uris, namespace, settings.outage()),
            settings,
            BudgetListener.NONE,
            NoFeed.INSTANCE);
    budgets.reload(
        BudgetPlan.compile(
            List.of(BudgetSpec.of("org", Condition.ALWAYS, List.of(), Limit.usd(limit), TOTAL)),
            List.of()));
    started.add(budgets);
    return budgets;
  }

  /** Asks and waits for the answer. */
  static Verdict reserve(Budgets budgets, long nanos) {
    Verdict verdict = budgets.reserve(TestFacts.user("ann"), Ask.of(nanos, 0));
    return verdict instanceof Verdict.Pending p ? p.stage().toCompletableFuture().join() : verdict;
  }

  /** Reads what was spent; Redis may have answered before there is anything to wait for. */
  static void read(Budgets budgets) {
    CompletionStage<Void> reading = budgets.read(name -> true, TestFacts.user("ann"));
    if (reading != null) {
      reading.toCompletableFuture().join();
    }
  }

  @Override
  public void close() {
    started.forEach(Budgets::close);
  }
}
