package io.penstock.budget;

import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One limit as it lives: a budget or one of its overrides, or the concurrency of a rate. It
 * outlives reloads that change only its terms, and knows its counters by subject, so that finding
 * one allocates nothing.
 */
final class Rule {
  /**
   * What a reload may change without starting anew.
   *
   * @param limit in the rule's unit
   * @param alerts percents
   * @param targetBound whether another target may pass where this one is refused
   */
  record Terms(long limit, List<Integer> alerts, Over over, boolean targetBound) {}

  /** What makes a rule another one. */
  record Shape(String name, int override, Limit.Unit unit, List<String> per, Window window) {}

  final Shape shape;
  final ConcurrentHashMap<String, Counter> current = new ConcurrentHashMap<>();
  private volatile Terms terms;

  Rule(Shape shape, Terms terms) {
    this.shape = shape;
    this.terms = terms;
  }

  Terms terms() {
    return terms;
  }

  /** Changes the terms; returns whether less is allowed than before. */
  boolean change(Terms next) {
    boolean lowered = next.limit() < terms.limit();
    terms = next;
    return lowered;
  }

  Limit limit() {
    return new Limit(terms.limit(), shape.unit());
  }

  /** Counted, never asked for. */
  boolean isWarning() {
    return terms.over() instanceof Over.Warn;
  }
}
