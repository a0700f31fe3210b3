package io.penstock.budget;

import io.penstock.core.rule.Facts;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A plan in force: for each slot the rule that lives, for each rate its meters. Immutable. */
final class Rules {
  /** A rate in force. */
  record Rate(RateSpec spec, @Nullable Rule permits, Meters requests, Meters tokens) {
    /** Returns the meter of requests of a subject that is being admitted. */
    RateMeter admitting(String subject) {
      RateMeter meter = requests.of(subject);
      if (meter instanceof Portion portion && portion.sibling == null && tokens.limit > 0) {
        portion.sibling = tokens.of(subject) instanceof Portion next ? next : null;
      }
      return meter;
    }
  }

  /** Meters of one rate by subject. */
  static final class Meters {
    final ConcurrentHashMap<String, RateMeter> bySubject = new ConcurrentHashMap<>();
    final long limit;
    private final RateSpec spec;
    private final boolean tokens;
    private final boolean alone;

    Meters(RateSpec spec, boolean tokens, boolean alone) {
      this.spec = spec;
      this.tokens = tokens;
      this.alone = alone;
      this.limit = tokens ? spec.tokens() : spec.requests();
    }

    RateMeter of(String subject) {
      RateMeter found = bySubject.get(subject);
      return found != null ? found : bySubject.computeIfAbsent(subject, this::make);
    }

    private RateMeter make(String subject) {
      if (alone) {
        return new WholeRate(spec, subject, tokens);
      }
      String identity =
          "%s\n%s\n%s\n%s\n%s"
              .formatted(spec.name(), tokens, spec.every().toMillis(), spec.per(), subject);
      UUID id = UUID.nameUUIDFromBytes(identity.getBytes(StandardCharsets.UTF_8));
      return new Portion(spec, subject, tokens, id);
    }
  }

  final BudgetPlan plan;
  final List<Rule> slots;
  final List<Rate> rates;
  final boolean countsTokens;
  private final Map<Rule.Shape, Rule> byShape;
  private final boolean alone;

  private Rules(
      boolean alone,
      BudgetPlan plan,
      List<Rule> slots,
      List<Rate> rates,
      Map<Rule.Shape, Rule> all) {
    this.alone = alone;
    this.plan = plan;
    this.slots = slots;
    this.rates = rates;
    this.countsTokens = rates.stream().anyMatch(rate -> rate.tokens().limit > 0);
    this.byShape = all;
  }

  /**
   * Returns the rules of a plan that allows everything.
   *
   * @param alone whether this process shares its rates with nobody
   */
  static Rules none(boolean alone) {
    return new Rules(alone, BudgetPlan.EMPTY, List.of(), List.of(), Map.of());
  }

  /** Puts a plan in force; {@code before} receives the former terms of rules that have others. */
  Rules change(BudgetPlan next, Map<Rule, Rule.Terms> before) {
    // Those of removed budgets too: counters in memory have them, and such a budget may come back.
    Map<Rule.Shape, Rule> all = new HashMap<>(byShape);
    List<Rule> slotRules = new ArrayList<>();
    for (BudgetSpec b : next.budgets()) {
      boolean bound = b.dependsOnTarget();
      for (int i = -1; i < b.overrides().size(); i++) {
        Limit limit = i < 0 ? b.limit() : b.overrides().get(i).limit();
        Rule.Shape shape = new Rule.Shape(b.name(), i, limit.unit(), b.per(), b.window().every());
        slotRules.add(
            keep(
                shape,
                new Rule.Terms(limit.amount(), b.alerts(), b.over(), bound, b.window().zone()),
                all,
                before));
      }
    }
    List<Rate> nextRates = new ArrayList<>();
    for (RateSpec r : next.rates()) {
      Rule permits = null;
      if (r.concurrent() > 0) {
        permits =
            keep(
                new Rule.Shape(r.name(), -1, Limit.Unit.PERMITS, r.per(), Window.Every.TOTAL),
                new Rule.Terms(
                    r.concurrent(), List.of(), Over.DENY, r.dependsOnTarget(), ZoneOffset.UTC),
                all,
                before);
      }
      nextRates.add(new Rate(r, permits, meters(r, false), meters(r, true)));
    }
    return new Rules(alone, next, slotRules, nextRates, all);
  }

  private Meters meters(RateSpec spec, boolean tokens) {
    Meters made = new Meters(spec, tokens, alone);
    for (Rate old : rates) {
      boolean same =
          old.spec.name().equals(spec.name())
              && old.spec.every().equals(spec.every())
              && old.spec.per().equals(spec.per());
      if (same) {
        for (RateMeter meter : (tokens ? old.tokens : old.requests).bySubject.values()) {
          meter.limit(spec);
          made.bySubject.put(meter.subject, meter);
        }
      }
    }
    return made;
  }

  private static Rule keep(
      Rule.Shape shape, Rule.Terms terms, Map<Rule.Shape, Rule> all, Map<Rule, Rule.Terms> before) {
    Rule rule = all.get(shape);
    if (rule == null) {
      rule = new Rule(shape, terms);
      all.put(shape, rule);
    } else if (!rule.terms().equals(terms)) {
      before.put(rule, rule.change(terms));
    }
    return rule;
  }

  /** Returns the budget of that name or that override of it; null when there is none. */
  @Nullable Rule of(String name, int override) {
    for (Rule rule : slots) {
      if (rule.shape.name().equals(name) && rule.shape.override() == override) {
        return rule;
      }
    }
    return null;
  }

  /** Returns the rule of which this is exactly a counter, in whatever unit; null when none is. */
  @Nullable Rule meaning(CounterKey key) {
    Rule rule = of(key.budget(), key.override());
    return rule != null && rule.key(key.subject(), key.windowStart()).equals(key) ? rule : null;
  }

  /** Forgets meters that are at rest. */
  void sweep(long storeNow) {
    for (Rate rate : rates) {
      rate.requests.bySubject.values().removeIf(m -> m.isAtRest(storeNow));
      rate.tokens.bySubject.values().removeIf(m -> m.isAtRest(storeNow));
    }
  }

  /** Returns the rates that calls like this are counted by. */
  List<RateSpec> matchingRates(Facts facts) {
    List<RateSpec> matched = new ArrayList<>();
    for (int slot : plan.matchRates(facts, "")) {
      matched.add(rates.get(slot).spec());
    }
    return matched;
  }

  /** Returns the rule of that budget which counts this request, or null. */
  @Nullable Rule named(String budget, Facts facts) {
    for (int slot : plan.matchBudgets(facts, "")) {
      if (slots.get(slot).shape.name().equals(budget)) {
        return slots.get(slot);
      }
    }
    return null;
  }
}
