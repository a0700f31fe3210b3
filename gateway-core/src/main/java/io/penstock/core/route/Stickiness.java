package io.penstock.core.route;

import io.penstock.core.rule.Facts;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the routes on one request's ways remember of where they led: those that are sticky, and
 * {@code cost}, which counts warm prompt caches in. Confined to the exchange's loop.
 */
final class Stickiness {
  private final Placements placements;
  private final Facts facts;

  /** The ways to targets that were taken; null while none of them had a sticky route on it. */
  private @Nullable IdentityHashMap<Candidate, List<Plan.Step>> ways;

  Stickiness(Placements placements, Facts facts) {
    this.placements = placements;
    this.facts = facts;
  }

  /** A target is asked: two may be at once, and which answers is not known yet. */
  void taken(Candidate target, List<Plan.Step> way) {
    for (Plan.Step step : way) {
      if (isSticky(step) || step.route().spec() instanceof RouteSpec.Cost) {
        IdentityHashMap<Candidate, List<Plan.Step>> known = ways;
        if (known == null) {
          known = new IdentityHashMap<>(2);
          ways = known;
        }
        known.put(target, way);
        return;
      }
    }
  }

  /** A target answered: see {@link Plan#answered}. */
  void answered(Candidate by, String key, long warmTokens, long ttlNanos) {
    IdentityHashMap<Candidate, List<Plan.Step>> known = ways;
    if (known == null) {
      return;
    }
    for (Plan.Step step : known.getOrDefault(by, List.of())) {
      // What is not sticky remembers only where a prompt cache is warm.
      String name = isSticky(step) || warmTokens > 0 ? name(step.route()) : null;
      if (name != null) {
        placements.put(name, step.target(), key, warmTokens, ttlNanos);
      }
    }
  }

  private static boolean isSticky(Plan.Step step) {
    return step.route().spec().options().sticky() != null;
  }

  /** Returns the provider key with which a route's target answered last; null when not known. */
  @Nullable String keyOf(RouteTable.Found route, String target) {
    String name = name(route);
    Placements.Placement last = name == null ? null : placements.find(name);
    return last == null || !last.target().equals(target) || last.key().isEmpty()
        ? null
        : last.key();
  }

  private @Nullable String name(RouteTable.Found route) {
    return Planner.memoryName(route, facts);
  }
}
