package io.penstock.budget;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Counters by name, for whoever administers or watches budgets. Asking makes no counter.
 * Thread-safe.
 */
final class Listing {
  private static final int MAX_SHOWN = 200;

  private final AtomicReference<Rules> rules;
  private final Slices slices;
  private final BudgetStore store;

  Listing(AtomicReference<Rules> rules, Slices slices, BudgetStore store) {
    this.rules = rules;
    this.slices = slices;
    this.store = store;
  }

  CompletionStage<BudgetPage> page(String cursor, int most) {
    Rules now = rules.get();
    return store.page(cursor, most).thenApply(page -> page.seen(now, slices));
  }

  List<CounterKey> shared(long storeNow) {
    return rules.get().slots.stream()
        .filter(rule -> rule.shape.per().isEmpty())
        .map(rule -> rule.key("", storeNow))
        .toList();
  }

  CompletionStage<Map<CounterKey, Double>> spentShares(Collection<CounterKey> counters) {
    Rules now = rules.get();
    Map<CounterKey, CompletableFuture<Double>> shares = new LinkedHashMap<>();
    for (CounterKey key : counters) {
      Rule rule = now.meaning(key);
      if (rule != null && rule.terms().limit() > 0) {
        double limit = rule.terms().limit();
        shares.put(
            key,
            store
                .spent(key)
                .thenApply(spent -> (spent + untold(key)) / limit)
                .toCompletableFuture());
      }
    }
    return CompletableFuture.allOf(shares.values().toArray(CompletableFuture[]::new))
        .thenApply(done -> {
          Map<CounterKey, Double> told = new LinkedHashMap<>();
          shares.forEach((key, share) -> told.put(key, share.resultNow()));
          return told;
        });
  }

  private long untold(CounterKey key) {
    Counter c = slices.find(key.id());
    return c == null ? 0 : c.untold();
  }

  Limit.@Nullable Unit unit(CounterKey counter) {
    Rule rule = rules.get().meaning(counter);
    return rule == null ? null : rule.shape.unit();
  }

  @Nullable CounterKey counter(String budget, int override, String subject, long storeNow) {
    Rule rule = rules.get().of(budget, override);
    return rule == null ? null : rule.key(Subjects.said(rule.shape.per(), subject), storeNow);
  }

  BudgetState unspent(String budget, int override, String subject, long storeNow) {
    Rule rule = rules.get().of(budget, override);
    if (rule == null || !Subjects.fits(rule.shape.per(), subject)) {
      throw new IllegalArgumentException(
          "subject: '"
              + shown(subject)
              + "' (expected: "
              + (rule == null || rule.shape.per().isEmpty()
                  ? "none, for the budget is shared by all)"
                  : "whom the budget counts, by " + String.join(" / ", rule.shape.per()) + ")"));
    }
    CounterKey key = rule.key(Subjects.said(rule.shape.per(), subject), storeNow);
    return new BudgetState(key, rule.shape.unit(), rule.terms().limit(), 0, 0);
  }

  private static String shown(String subject) {
    return subject.length() <= MAX_SHOWN ? subject : subject.substring(0, MAX_SHOWN) + "...";
  }
}
