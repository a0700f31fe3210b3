package io.penstock.budget;

import io.penstock.core.rule.Facts;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a request's subject has spent and holds, for conditions and listings. Asking makes no
 * counter, here or in the store. Thread-safe.
 */
final class Figures {
  private final AtomicReference<Rules> rules;
  private final Slices slices;
  private final BudgetStore store;
  private final boolean alone;
  private final Readings readings;

  /**
   * Creates it.
   *
   * @param settings whether the store is in this process, where what it has is at hand
   */
  Figures(AtomicReference<Rules> rules, Slices slices, BudgetStore store, Settings settings) {
    this.rules = rules;
    this.slices = slices;
    this.store = store;
    this.alone = settings.alone();
    this.readings = new Readings(store, settings.callTimeout());
  }

  /** Returns the share of that budget which this request's subject has used, 0 when none. */
  double used(String budget, Facts facts, long storeNow) {
    Rule rule = rules.get().named(budget, facts);
    if (rule == null || rule.terms().limit() == 0) {
      return 0;
    }
    BudgetState state = state(rule, facts, storeNow);
    return (double) (state.spent() + state.held()) / state.limit();
  }

  /** Returns the counters that calls like this are charged on. */
  List<BudgetState> matching(Facts facts, long storeNow) {
    Rules now = rules.get();
    List<BudgetState> states = new ArrayList<>();
    for (int slot : now.plan.matchBudgets(facts, "")) {
      states.add(state(now.slots.get(slot), facts, storeNow));
    }
    return states;
  }

  /**
   * Returns the refusal of the first budget that refuses and is spent; null: none. What is held may
   * come back, and who asks takes nothing of it.
   */
  Verdict.@Nullable Denied usedUp(Facts facts, long storeNow) {
    Rules now = rules.get();
    for (int slot : now.plan.matchBudgets(facts, "")) {
      Rule rule = now.slots.get(slot);
      if (rule.isWarning()) {
        continue;
      }
      BudgetState state = state(rule, facts, storeNow);
      // Where it would send a call to another model there is none here, up to where that ends.
      long most = rule.terms().redirectedMost();
      if (state.spent() >= most) {
        return new Verdict.Denied(
            state.counter(),
            rule.limit(),
            most,
            state.spent(),
            state.held(),
            Verdict.Denied.UNKNOWN,
            rule.terms().over(),
            false);
      }
    }
    return null;
  }

  private BudgetState state(Rule rule, Facts facts, long storeNow) {
    Place place = place(rule, facts, storeNow);
    CounterKey key = place.key;
    Counter c = place.counter;
    long spent = spent(key, c) + (c == null ? 0 : c.untold());
    long held = c == null ? 0 : Math.max(0, c.held());
    return new BudgetState(key, rule.shape.unit(), rule.terms().limit(), spent, held);
  }

  private long spent(CounterKey key, @Nullable Counter c) {
    if (!alone) {
      return readings.spent(key, c);
    }
    long told = c == null ? 0 : c.allSpent;
    // A store in this process has answered when it returns: an event loop asks, and cannot wait.
    return told == 0 ? store.spent(key).toCompletableFuture().resultNow() : told;
  }

  /**
   * Reads what was spent on this request's budgets of such names where this replica does not know.
   *
   * @return completes when nothing more will be known, never with a failure; null: it is known
   */
  @Nullable CompletableFuture<Void> read(
      Predicate<String> names, Facts facts, long storeNow, long clock) {
    if (alone) {
      return null;
    }
    Rules now = rules.get();
    CompletableFuture<Void> all = null;
    for (int slot : now.plan.matchBudgets(facts, "")) {
      Rule rule = now.slots.get(slot);
      if (names.test(rule.shape.name())) {
        CompletableFuture<Void> one = read(rule, facts, storeNow, clock);
        all = all == null ? one : one == null ? all : CompletableFuture.allOf(all, one);
      }
    }
    return all;
  }

  private @Nullable CompletableFuture<Void> read(
      Rule rule, Facts facts, long storeNow, long clock) {
    Place place = place(rule, facts, storeNow);
    return readings.read(place.key, place.counter, clock);
  }

  /** Where a request's subject is counted: the counter if it is in memory. */
  private record Place(CounterKey key, @Nullable Counter counter) {}

  private Place place(Rule rule, Facts facts, long storeNow) {
    String subject = Subjects.of(rule.shape.per(), facts);
    Counter current = slices.current(rule, subject, storeNow);
    if (current != null) {
      return new Place(current.key, current);
    }
    CounterKey key = rule.key(subject, storeNow);
    return new Place(key, slices.find(key.id()));
  }

  /** Returns how many readings have failed or took too long. */
  long unread() {
    return readings.failures();
  }
}
