package io.penstock.server;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.penstock.budget.BudgetPage;
import io.penstock.budget.BudgetState;
import io.penstock.budget.Budgets;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.Targets;
import io.penstock.server.config.BudgetConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code penstock_budget_used_ratio}: read from the store when metrics are scraped, a page at a
 * time, so that a million users cost no scrape more than a page. Blocks; virtual threads.
 */
final class BudgetGauges {
  private static final Logger LOG = LoggerFactory.getLogger(BudgetGauges.class);
  private static final int PAGE = 500;
  private static final long PATIENCE_MILLIS = 1_000;

  /** Dimensions that may be labels: of a model's values only those that clients cannot make up. */
  private static final Set<String> LABELS = Set.of("team", "app", "model");

  private static final String MANY = "max";

  private record Labels(String budget, String subject) {}

  private final Budgets budgets;
  private final AtomicReference<Snapshot> snapshot;
  private final MultiGauge gauge;
  private Map<Labels, Double> ratios = new HashMap<>();
  private String cursor = "";

  BudgetGauges(Budgets budgets, AtomicReference<Snapshot> snapshot, MeterRegistry registry) {
    this.budgets = budgets;
    this.snapshot = snapshot;
    this.gauge =
        MultiGauge.builder("penstock.budget.used.ratio")
            .description("What settled calls cost, as a share of the limit")
            .register(registry);
    FunctionCounter.builder("penstock.budget.unread", budgets, Budgets::unread)
        .description("Figures of budgets that Redis did not tell in time; what was known was used")
        .register(registry);
  }

  /** Reads on; publishes when the last page is read. */
  synchronized void refresh() {
    try {
      BudgetPage page =
          budgets
              .states(cursor, PAGE)
              .toCompletableFuture()
              .get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      add(page.states());
      cursor = page.next();
    } catch (ExecutionException | TimeoutException e) {
      LOG.atDebug().setCause(e).log("the budget store does not answer; the gauges stay");
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    if (cursor.isEmpty()) {
      publish();
    }
  }

  private void add(List<BudgetState> states) {
    Snapshot current = snapshot.get();
    Map<String, BudgetConfig> named = new HashMap<>();
    for (BudgetConfig budget : current.config().budgets()) {
      if (LABELS.containsAll(budget.per())) {
        named.put(budget.name(), budget);
      }
    }
    long now = budgets.storeNow();
    for (BudgetState state : states) {
      if (state.limit() > 0 && state.counter().windowEnd() > now) {
        BudgetConfig budget = named.get(state.counter().budget());
        String subject = state.counter().subject();
        boolean label = budget != null && isKnown(budget.per(), subject, current.targets());
        double ratio = (double) state.spent() / state.limit();
        ratios.merge(
            new Labels(state.counter().budget(), label ? subject : MANY), ratio, Math::max);
      }
    }
  }

  private static boolean isKnown(List<String> per, String subject, Targets targets) {
    if (!per.contains("model")) {
      return true;
    }
    Map<String, String> where = BudgetBurn.where(per, subject);
    String model = where == null ? null : where.get("model");
    return where != null
        && model != null
        && targets.shownModel(where.getOrDefault("provider", ""), model).equals(model);
  }

  private void publish() {
    List<MultiGauge.Row<?>> rows = new ArrayList<>();
    ratios.forEach((labels, ratio) ->
        rows.add(
            MultiGauge.Row.of(Tags.of("budget", labels.budget, "subject", labels.subject), ratio)));
    gauge.register(rows, true);
    ratios = new HashMap<>();
  }
}
