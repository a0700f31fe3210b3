package io.penstock.core.route;

import io.penstock.core.Ticker;
import io.penstock.core.rule.Facts;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Makes plans: a pure function of the request, the state on the boards, the clock and a seed.
 * Immutable; one per configuration.
 */
public final class Planner {
  private static final RouteOptions.Sticky CONVERSATION =
      new RouteOptions.Sticky(RouteOptions.StickyBy.CONVERSATION, 0);

  private final RouteTable table;
  private final HealthBoard health;
  private final Placements placements;
  private final Ticker ticker;
  private final Chooser chooser;

  /**
   * Creates a planner.
   *
   * @param scores which score a share of the traffic exceeds, for {@code strong: 20%}
   */
  public Planner(
      RouteTable table,
      HealthBoard health,
      Placements placements,
      Ticker ticker,
      ScoreBoard scores) {
    this.table = table;
    this.health = health;
    this.placements = placements;
    this.ticker = ticker;
    this.chooser = new Chooser(table, health, scores);
  }

  /**
   * Plans a request. No target is looked at before {@link Plan#next} asks for it.
   *
   * @param seed decides every draw; the same seed, state and request give the same plan
   */
  public Plan plan(RouteTable.Found route, Facts facts, Surroundings around, long seed) {
    return new Plan(this, route, facts, around, new SplittableRandom(seed));
  }

  /**
   * Returns which target each route that goes by complexity, on any way of this route, would take;
   * "" where none does. Prompts of which this differs may be answered by different targets.
   */
  public String byComplexity(RouteTable.Found route, ToDoubleFunction<Router> score) {
    StringBuilder places = new StringBuilder();
    byComplexity(route.spec(), score, Collections.newSetFromMap(new IdentityHashMap<>()), places);
    return places.toString();
  }

  private void byComplexity(
      RouteSpec spec, ToDoubleFunction<Router> score, Set<RouteSpec> seen, StringBuilder places) {
    if (!seen.add(spec)) {
      return;
    }
    if (spec instanceof RouteSpec.Complexity by) {
      places.append(chooser.chosen(by, score.applyAsDouble(by.router()))).append(' ');
    }
    for (TargetSpec target : spec.targets()) {
      RouteSpec nested = table.nested(target.model());
      if (nested != null) {
        byComplexity(nested, score, seen, places);
      }
    }
  }

  RouteTable table() {
    return table;
  }

  HealthBoard health() {
    return health;
  }

  Placements placements() {
    return placements;
  }

  /** Returns the order of one route, with what is sticky in front. */
  List<Choice> order(
      RouteTable.Found route, Facts facts, Surroundings around, SplittableRandom random) {
    Outlay outlay = new Outlay(this, facts, around, random);
    String name = memoryName(route, facts);
    Placements.Placement last = name == null ? null : placements.find(name);
    if (last == null) {
      return chooser.order(route, outlay, Chooser.Warm.NOTHING);
    }
    long now = ticker.nanoTime();
    Chooser.Warm warm =
        last.isWarm(now)
            ? new Chooser.Warm(last.target(), last.warmTokens())
            : Chooser.Warm.NOTHING;
    List<Choice> order = chooser.order(route, outlay, warm);
    RouteOptions.Sticky sticky = route.spec().options().sticky();
    if (sticky == null || order.isEmpty()) {
      return order;
    }
    int kept = indexOf(order, last.target());
    boolean lasts = sticky.forNanos() > 0 ? now - last.usedAt() < sticky.forNanos() : false;
    boolean stays = lasts || (last.isWarm(now) && !repays(order.getFirst(), last, outlay));
    if (kept < 0 || !stays) {
      return order;
    }
    List<Choice> moved = new ArrayList<>(order);
    Choice choice = moved.remove(kept);
    String why = lasts ? "sticky" : "prompt cache warm";
    moved.addFirst(choice.because(() -> choice.why().isEmpty() ? why : choice.why() + ", " + why));
    return moved;
  }

  private static boolean repays(Choice first, Placements.Placement last, Outlay outlay) {
    if (first.target().equals(last.target())) {
      return false;
    }
    String there = first.target();
    long stay = outlay.of(last.target(), last.warmTokens());
    long firstThere = outlay.of(there, 0);
    long laterThere = outlay.of(there, last.warmTokens());
    if (stay < 0 || firstThere < 0 || laterThere < 0) {
      return false;
    }
    int turns = BreakEven.remainingTurns(last.turns());
    return BreakEven.worthMoving(stay, firstThere, laterThere, turns);
  }

  private static int indexOf(List<Choice> order, String target) {
    for (int i = 0; i < order.size(); i++) {
      if (order.get(i).target().equals(target)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Returns by what a route remembers where it led: what is sticky by its subject, {@code cost} by
   * the conversation, whose prompt cache it counts in; null when it remembers nothing.
   */
  static @Nullable String memoryName(RouteTable.Found route, Facts facts) {
    RouteOptions.Sticky sticky = route.spec().options().sticky();
    boolean counts = sticky == null && route.spec() instanceof RouteSpec.Cost;
    return stickyName(route.name(), counts ? CONVERSATION : sticky, facts);
  }

  /**
   * Returns by what a route's target is remembered; null when it is not sticky, or when the request
   * has no such subject: all who have none are not one.
   */
  static @Nullable String stickyName(
      String route, RouteOptions.@Nullable Sticky sticky, Facts facts) {
    if (sticky == null) {
      return null;
    }
    String subject =
        switch (sticky.by()) {
          case SESSION, CONVERSATION -> facts.session();
          case KEY -> facts.key();
          case USER -> facts.user().isEmpty() ? facts.endUser() : facts.user();
        };
    return subject.isEmpty()
        ? null
        : route + '\n' + sticky.by() + '\n' + facts.team() + '\n' + subject;
  }
}
