package io.penstock.budget;

import java.time.ZoneId;
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
   * @param zone whose calendar windows follow; where two zones have the same window it is the same
   *     counter, so they are no two rules
   */
  record Terms(long limit, List<Integer> alerts, Over over, boolean targetBound, ZoneId zone) {
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

  /**
   * What makes a rule another one: all that makes a counter another one, but for where its window
   * begins. So no two rules have the same counter.
   */
  record Shape(String name, int override, Limit.Unit unit, List<String> per, Window.Every every) {}

  /** What counters have in common, and the zone by whose calendar they do. */
  private record Present(ZoneId zone, CounterKey.Series series) {}

  final Shape shape;

  /** The counters of the present window by subject. */
  final Table<String, Counter> current = new Table<>(c -> c.key.subject());

  private volatile @Nullable Present present;
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
    ZoneId zone = terms.zone();
    Present last = present;
    if (last != null && last.zone.equals(zone) && last.series.contains(storeNow)) {
      return last.series;
    }
    Window.Span span = new Window(shape.every(), zone).at(storeNow);
    CounterKey.Series now =
        new CounterKey.Series(shape.name(), shape.override(), span.start(), span.end());
    present = new Present(zone, now);
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
