package io.penstock.core.route;

import io.penstock.core.price.NanoUsd;
import io.penstock.core.rule.ConditionIndex;
import io.penstock.core.rule.Facts;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Puts the targets of one route into the order in which they are tried, by its strategy. */
final class Chooser {
  /** Share of requests that look for a target that has become faster. */
  private static final double EXPLORATION = 0.02;

  private static final double NANOS_PER_MILLI = 1e6;
  private static final int LONGEST_RULE = 60;

  private final RouteTable table;
  private final HealthBoard health;
  private final ScoreBoard scores;

  Chooser(RouteTable table, HealthBoard health, ScoreBoard scores) {
    this.table = table;
    this.health = health;
    this.scores = scores;
  }

  /**
   * Returns the order.
   *
   * @param outlay of the request that is routed
   * @param warm where this conversation's prompt cache is warm, for {@code cost}
   */
  List<Choice> order(RouteTable.Found route, Outlay outlay, Warm warm) {
    Facts facts = outlay.facts();
    Surroundings around = outlay.around();
    SplittableRandom random = outlay.random();
    List<Choice> all = table.choices(route);
    return switch (route.spec()) {
      case RouteSpec.Plain plain -> all;
      case RouteSpec.Priority priority -> all;
      case RouteSpec.Cascade cascade -> all;
      case RouteSpec.Weighted weighted -> weighted(all, opening(route, around), random);
      case RouteSpec.Latency latency -> latency(all, facts.stream(), random);
      case RouteSpec.Cost cost -> cost(cost, all, outlay, warm);
      case RouteSpec.Complexity complexity -> complexity(complexity, all, around);
      case RouteSpec.Rules rules -> rules(rules, route.rest(), facts);
    };
  }

  /** The target whose provider has this conversation in its prompt cache. */
  record Warm(String target, long tokens) {
    static final Warm NOTHING = new Warm("", 0);

    long tokensOn(String other) {
      return target.equals(other) ? tokens : 0;
    }
  }

  /**
   * A race in which each target's time is exponential with its weight as rate: the winner is drawn
   * by weight, the rest is a fallback order of the same weights. With an opening the times come
   * from its hash (rendezvous hashing): the same conversation meets the same target in every
   * replica, and when a target goes only its own conversations move.
   */
  private static List<Choice> weighted(List<Choice> all, long opening, SplittableRandom random) {
    record Runner(Choice choice, double time) {}
    List<Runner> runners = new ArrayList<>(all.size());
    for (Choice choice : all) {
      double weight = choice.spec().weight();
      double chance = opening == 0 ? random.nextDouble() : chance(opening, choice.target());
      if (weight > 0) {
        runners.add(new Runner(choice, -Math.log(1 - chance) / weight));
      }
    }
    runners.sort(Comparator.comparingDouble(Runner::time));
    return runners.stream().map(Runner::choice).toList();
  }

  private static double chance(long opening, String target) {
    return new SplittableRandom(opening * 0x9E3779B97F4A7C15L ^ target.hashCode()).nextDouble();
  }

  private static long opening(RouteTable.Found route, Surroundings around) {
    RouteOptions.Sticky sticky = route.spec().options().sticky();
    boolean by = sticky != null && sticky.by() == RouteOptions.StickyBy.CONVERSATION;
    return by ? around.opening() : 0;
  }

  private List<Choice> latency(List<Choice> all, boolean stream, SplittableRandom random) {
    record Timed(Choice choice, long nanos) {}
    List<Timed> timed = new ArrayList<>(all.size());
    for (Choice choice : all) {
      // Read once: speeds change while this sorts.
      long nanos = health.speed(choice.target(), stream);
      timed.add(new Timed(choice.because(() -> "latency " + speed(nanos)), nanos));
    }
    timed.sort(Comparator.comparingLong(Timed::nanos));
    List<Choice> order = new ArrayList<>(timed.size());
    timed.forEach(t -> order.add(t.choice()));
    if (order.size() < 2) {
      return order;
    }
    int first = random.nextInt(order.size());
    int second = random.nextInt(order.size() - 1);
    second += second >= first ? 1 : 0;
    boolean explore = random.nextDouble() < EXPLORATION;
    // Sorted by speed: the lower index is the faster one, and the unmeasured come before all.
    int chosen = explore ? Math.max(first, second) : Math.min(first, second);
    Choice winner = order.remove(chosen);
    order.addFirst(explore ? winner.because(() -> winner.why() + ", exploring") : winner);
    return order;
  }

  private static String speed(long nanos) {
    return nanos == 0 ? "not measured" : Math.round(nanos / NANOS_PER_MILLI) + " ms";
  }

  private static List<Choice> cost(
      RouteSpec.Cost spec, List<Choice> all, Outlay outlay, Warm warm) {
    record Priced(Choice choice, long cost) {}
    List<Priced> priced = new ArrayList<>(all.size());
    List<Choice> unknown = new ArrayList<>(0);
    for (Choice choice : all) {
      if (spec.minQuality() > 0 && !(choice.spec().quality() >= spec.minQuality())) {
        continue;
      }
      long cost = outlay.of(choice.target(), warm.tokensOn(choice.target()));
      if (cost >= 0) {
        priced.add(new Priced(choice, cost));
      } else {
        unknown.add(choice.because(() -> "cost unknown"));
      }
    }
    priced.sort(Comparator.comparingLong(Priced::cost));
    // Those come last: no call reaches them, and the refusal can name them.
    return Stream.concat(
            priced.stream()
                .map(p -> p.choice().because(() -> "cost " + NanoUsd.format(p.cost()) + " USD")),
            unknown.stream())
        .toList();
  }

  private List<Choice> complexity(
      RouteSpec.Complexity spec, List<Choice> all, Surroundings around) {
    double score = around.complexity(spec.router());
    int chosen = chosen(spec, score);
    List<Choice> order = new ArrayList<>(all.size());
    // Then the stronger ones, which can answer it as well; then the weaker, strongest first.
    for (int i = chosen; i < all.size(); i++) {
      order.add(scored(all.get(i), score));
    }
    for (int i = chosen - 1; i >= 0; i--) {
      order.add(scored(all.get(i), score));
    }
    return order;
  }

  /** Returns which target a score leads to: its place in the order of the configuration. */
  int chosen(RouteSpec.Complexity spec, double score) {
    List<TargetSpec> targets = spec.targets();
    int last = targets.size() - 1;
    if (!Double.isNaN(spec.strong())) {
      return score > scores.threshold(spec.router(), spec.strong()) ? last : 0;
    }
    int chosen = last;
    for (int i = last; i >= 0; i--) {
      if (score <= targets.get(i).upto()) {
        chosen = i;
      }
    }
    return chosen;
  }

  private static Choice scored(Choice choice, double score) {
    return choice.because(() -> Reason.complexity(score, choice.target()));
  }

  private List<Choice> rules(RouteSpec.Rules spec, String rest, Facts facts) {
    int first = table.rules(spec).first(facts);
    if (first == ConditionIndex.NONE) {
      return List.of();
    }
    RouteSpec.Rule rule = spec.rules().get(first);
    String text = rule.when().text();
    String words = text.length() > LONGEST_RULE ? text.substring(0, LONGEST_RULE) + "..." : text;
    return List.of(Choice.of(rule.use(), rest, Reason.rule(first, words), table));
  }
}
