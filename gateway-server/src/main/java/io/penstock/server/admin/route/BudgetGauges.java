package io.penstock.server.admin.route;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.penstock.budget.BudgetPage;
import io.penstock.budget.BudgetState;
import io.penstock.budget.Budgets;
import io.penstock.budget.CounterKey;
import io.penstock.server.call.Snapshot;
import io.penstock.server.config.BudgetConfig;
import io.penstock.server.targets.Targets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code penstock_budget_used_ratio}: read from the store when metrics are scraped. Counters of
 * budgets that have few are all read each time; of those with many subjects a page, so that a
 * million users cost no scrape more than a page, and their highest is known when the last page was
 * read. Blocks; virtual threads.
 */
final class BudgetGauges {
  private static final Logger LOG = LoggerFactory.getLogger(BudgetGauges.class);
  private static final int PAGE = 500;

  /** A budget with more counters has many. */
  private static final int FEW = 100;

  /** Counters that a scrape reads by name, beyond its page. */
  private static final int MOST_NAMED = 500;

  private static final long PATIENCE_MILLIS = 1_000;

  /** Dimensions that may be labels: of a model's values only those that clients cannot make up. */
  private static final Set<String> LABELS = Set.of("team", "app", "model");

  private static final String MANY = "max";

  private record Labels(String budget, String subject) {}

  /** A counter in whatever window. */
  private record Named(int override, String subject) {}

  /** The highest of some counters, and when the window of that one ends. */
  private record Highest(double ratio, long end) {
    static Highest of(Highest one, Highest other) {
      return one.ratio >= other.ratio ? one : other;
    }
  }

  /** What the pages from the first to the last have shown. */
  private static final class Pass {
    final Map<String, Set<Named>> counters = new HashMap<>();
    final Map<Labels, Highest> highest = new HashMap<>();

    void add(BudgetState state, Labels labels, double ratio) {
      CounterKey key = state.counter();
      Set<Named> of = counters.computeIfAbsent(key.budget(), name -> new LinkedHashSet<>());
      if (of.size() <= FEW) {
        of.add(new Named(key.override(), key.subject()));
      }
      highest.merge(labels, new Highest(ratio, key.windowEnd()), Highest::of);
    }
  }

  private final Budgets budgets;
  private final AtomicReference<Snapshot> snapshot;
  private final MultiGauge gauge;
  private Pass last = new Pass();
  private Pass passing = new Pass();
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

  /** Reads a page and the counters of budgets that have few, and publishes. */
  synchronized void refresh() {
    try {
      Labelling labelling = new Labelling(snapshot.get());
      BudgetPage page = get(budgets.states(cursor, PAGE));
      Map<CounterKey, Double> ratios = new HashMap<>();
      for (BudgetState state : page.states()) {
        if (state.limit() > 0 && state.counter().windowEnd() > budgets.storeNow()) {
          double ratio = (double) state.spent() / state.limit();
          ratios.put(state.counter(), ratio);
          passing.add(state, labelling.of(state.counter()), ratio);
        }
      }
      Set<String> many = new HashSet<>();
      Set<CounterKey> named = named(many);
      named.removeAll(ratios.keySet());
      ratios.putAll(get(budgets.spentShares(named)));
      publish(ratios, many, labelling);
      cursor = page.next();
      if (cursor.isEmpty()) {
        last = passing;
        passing = new Pass();
      }
    } catch (ExecutionException | TimeoutException e) {
      LOG.atDebug().setCause(e).log("the budget store does not answer; the gauges stay");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static <T> T get(CompletionStage<T> stage)
      throws ExecutionException, TimeoutException, InterruptedException {
    return stage.toCompletableFuture().get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Returns the present counters of budgets that have few; {@code many} receives the others. */
  private Set<CounterKey> named(Set<String> many) {
    Set<CounterKey> named = new LinkedHashSet<>(budgets.shared());
    Set<String> shared = named.stream().map(CounterKey::budget).collect(Collectors.toSet());
    Map<String, Set<Named>> known = new TreeMap<>();
    for (Pass pass : List.of(last, passing)) {
      pass.counters.forEach(
          (budget, of) -> known.computeIfAbsent(budget, name -> new LinkedHashSet<>()).addAll(of));
    }
    known.keySet().removeAll(shared);
    known.forEach((budget, of) -> {
      if (of.size() > FEW || named.size() + of.size() > MOST_NAMED) {
        many.add(budget);
        return;
      }
      for (Named one : of) {
        CounterKey key = budgets.counter(budget, one.override, one.subject);
        if (key != null) {
          named.add(key);
        }
      }
    });
    return named;
  }

  private void publish(Map<CounterKey, Double> ratios, Set<String> many, Labelling labelling) {
    Map<Labels, Double> shown = new HashMap<>();
    ratios.forEach((key, ratio) -> shown.merge(labelling.of(key), ratio, Math::max));
    long now = budgets.storeNow();
    for (Pass pass : List.of(last, passing)) {
      pass.highest.forEach((labels, highest) -> {
        if (many.contains(labels.budget)
            && highest.end > now
            && budgets.counter(labels.budget, -1, "") != null) {
          shown.merge(labels, highest.ratio, Math::max);
        }
      });
    }
    List<MultiGauge.Row<?>> rows = new ArrayList<>();
    shown.forEach((labels, ratio) ->
        rows.add(
            MultiGauge.Row.of(Tags.of("budget", labels.budget, "subject", labels.subject), ratio)));
    gauge.register(rows, true);
  }

  /** Which subjects of a configuration are labels. */
  private static final class Labelling {
    private final Map<String, BudgetConfig> named = new HashMap<>();
    private final Targets targets;

    Labelling(Snapshot current) {
      for (BudgetConfig budget : current.config().budgets()) {
        if (LABELS.containsAll(budget.per())) {
          named.put(budget.name(), budget);
        }
      }
      this.targets = current.targets();
    }

    Labels of(CounterKey key) {
      BudgetConfig budget = named.get(key.budget());
      boolean label = budget != null && isKnown(budget.per(), key.subject(), targets);
      return new Labels(key.budget(), label ? key.subject() : MANY);
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
}
