package io.penstock.budget;

import io.penstock.core.rule.Facts;
import java.util.Arrays;

/** Finds what a request or an attempt has to ask: counters and meters of all that matches. */
final class Matched {
  private static final int[] NO_BUDGETS = {};
  private static final RateMeter[] NO_METERS = {};
  private static final Counter[] NO_COUNTERS = {};

  private final Rules rules;
  private final Slices slices;
  private final long storeNow;
  private final long now;

  Matched(Rules rules, Slices slices, long storeNow, long now) {
    this.rules = rules;
    this.slices = slices;
    this.storeNow = storeNow;
    this.now = now;
  }

  /** Returns what a request asks for, before any attempt: request rates that need no target. */
  static Call admission(Rules rules, Facts facts, long storeNow) {
    RateMeter[] meters = NO_METERS;
    for (int slot : rules.plan.matchRates(facts, "")) {
      Rules.Rate rate = rules.rates.get(slot);
      if (rate.requests().limit > 0 && !rate.spec().dependsOnTarget()) {
        meters = Arrays.copyOf(meters, meters.length + 1);
        meters[meters.length - 1] = rate.admitting(Subjects.of(rate.spec().per(), facts));
      }
    }
    return new Call(NO_COUNTERS, meters, 0, Ask.of(0, 0), storeNow);
  }

  /** Returns what an attempt asks for. */
  Call call(Facts facts, Ask ask) {
    return call(rules.plan.matchBudgets(facts, ask.purpose()), facts, ask);
  }

  /** Returns what a call asks for that no budget counts. */
  Call unpriced(Facts facts) {
    return call(NO_BUDGETS, facts, Ask.of(0, 0));
  }

  private Call call(int[] budgets, Facts facts, Ask ask) {
    int[] rates = rules.plan.matchRates(facts, ask.purpose());
    int permits = 0;
    int metered = 0;
    for (int slot : rates) {
      Rules.Rate rate = rules.rates.get(slot);
      permits += rate.permits() == null ? 0 : 1;
      metered += rate.tokens().limit > 0 ? 1 : 0;
      metered += takesRequest(rate) ? 1 : 0;
    }
    Counter[] counters = new Counter[budgets.length + permits];
    for (int i = 0; i < budgets.length; i++) {
      counters[i] = counter(rules.slots.get(budgets[i]), facts);
    }
    RateMeter[] meters = new RateMeter[metered];
    long bound = meters(rates, facts, counters, budgets.length, meters);
    return new Call(counters, meters, bound, ask, storeNow);
  }

  private long meters(int[] rates, Facts facts, Counter[] counters, int from, RateMeter[] meters) {
    int c = from;
    int m = 0;
    long bound = 0;
    for (int slot : rates) {
      Rules.Rate rate = rules.rates.get(slot);
      Rule permits = rate.permits();
      int first = m;
      if (permits != null) {
        counters[c++] = counter(permits, facts);
      }
      if (rate.tokens().limit > 0) {
        meters[m++] = rate.tokens().of(Subjects.of(rate.spec().per(), facts));
      }
      if (takesRequest(rate)) {
        meters[m++] = rate.requests().of(Subjects.of(rate.spec().per(), facts));
      }
      for (int i = first; i < Math.min(m, 64) && rate.spec().dependsOnTarget(); i++) {
        bound |= 1L << i;
      }
    }
    return bound;
  }

  /** A rate of a target counts attempts; any other counted the request when it was admitted. */
  private static boolean takesRequest(Rules.Rate rate) {
    return rate.requests().limit > 0 && rate.spec().dependsOnTarget();
  }

  private Counter counter(Rule rule, Facts facts) {
    return slices.counter(rule, Subjects.of(rule.shape.per(), facts), storeNow, now);
  }
}
