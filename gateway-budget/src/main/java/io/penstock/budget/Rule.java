package io.penstock.budget;

import java.util.List;
import org.jspecify.annotations.Nullable;

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
  record Terms(long limit, List<Integer> alerts, Over over, boolean targetBound) {
    /** Returns what spent + held may reach when this budget has sent the call elsewhere. */
    long redirectedMost() {
      if (!(over instanceof Over.Use use)) {
        return limit;
      }
      return use.denyAtPercent() == 0
          ? Long.MAX_VALUE
          : Math.max(limit, Thresholds.share(limit, use.denyAtPercent()));
    }
  }

  /** What makes a rule another one. */
  record Shape(String name, int override, Limit.Unit unit, List<String> per, Window window) {}

  final Shape shape;

  /** The counters of the present window by subject. */
  final Table<String, Counter> current = new Table<>(c -> c.key.subject());

  private volatile CounterKey.@Nullable Series series;
  private volatile Terms terms;

  Rule(Shape shape, Terms terms) {
    this.shape = shape;
    this.terms = terms;
  }

  Terms terms() {
    return terms;
  }

  /** Changes the terms; returns the former. */
  Terms change(Terms next) {
    Terms before = terms;
    terms = next;
    return before;
  }

  /** Returns what its counters have in common in the window that contains the moment. */
  CounterKey.Series series(long storeNow) {
    CounterKey.Series last = series;
    if (last != null && last.contains(storeNow)) {
      return last;
    }
    Window.Span span = shape.window().at(storeNow);
    CounterKey.Series now =
        new CounterKey.Series(shape.name(), shape.override(), span.start(), span.end());
    series = now;
    return now;
  }

  /** Returns the key of a subject's counter in the window that contains the moment. */
  CounterKey key(String subject, long storeNow) {
    return CounterKey.of(series(storeNow), shape.unit(), shape.per(), subject);
  }

  Limit limit() {
    return new Limit(terms.limit(), shape.unit());
  }

  /** Counted, never asked for. */
  boolean isWarning() {
    return terms.over() instanceof Over.Warn;
  }
}
