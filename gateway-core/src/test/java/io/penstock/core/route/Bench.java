package io.penstock.core.route;

import io.penstock.core.rule.Conditions;
import io.penstock.core.rule.Facts;
import io.penstock.core.rule.TestFacts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Routes, boards and costs that a test sets up. */
final class Bench implements Surroundings {
  static final RouteOptions PLAIN = RouteOptions.DEFAULT;

  final FakeTime time = new FakeTime();
  final HealthBoard health =
      new HealthBoard(time, p -> HealthBoard.BreakerSetting.DEFAULT, name -> {});
  final Placements placements = new Placements(time, 1000);
  final ScoreBoard scores = new ScoreBoard();
  final Map<String, RouteSpec> models = new HashMap<>();
  final Map<String, String> unfit = new HashMap<>();

  /** The contexts of targets that are likely too short, tokens. */
  final Map<String, Long> shortContexts = new HashMap<>();

  /** The contexts of targets, tokens. */
  final Map<String, Long> contexts = new HashMap<>();

  /** Nano-USD: {cold input token, warm input token, output token}. */
  final Map<String, long[]> prices = new HashMap<>();

  final TestFacts facts = new TestFacts();
  private final Conditions conditions = new Conditions();

  Bench model(String name, RouteSpec spec) {
    models.put(name, spec);
    return this;
  }

  static List<TargetSpec> targets(String... names) {
    return Arrays.stream(names).map(TargetSpec::of).toList();
  }

  RouteSpec.Rule rule(String when, String use) {
    return new RouteSpec.Rule(
        conditions.compile(when, Conditions.Kind.REQUEST), TargetSpec.of(use));
  }

  RouteTable table(List<Problem> problems) {
    return RouteTable.of(models, Set.of("openai", "anthropic", "onprem"), problems);
  }

  Planner planner() {
    List<Problem> problems = new ArrayList<>();
    RouteTable table = table(problems);
    if (!problems.isEmpty()) {
      throw new AssertionError(problems.toString());
    }
    return new Planner(table, health, placements, time, scores);
  }

  Plan plan(String model, long seed) {
    return plan(model, seed, facts);
  }

  Plan plan(String model, long seed, Facts of) {
    Planner planner = planner();
    return planner.plan(Objects.requireNonNull(planner.table().find(model)), of, this, seed);
  }

  @Override
  public @Nullable String unfit(Candidate candidate) {
    return unfit.get(candidate.target());
  }

  @Override
  public long shortContext(Candidate candidate) {
    return shortContexts.getOrDefault(candidate.target(), 0L);
  }

  @Override
  public long context(Candidate candidate) {
    return contexts.getOrDefault(candidate.target(), 0L);
  }

  @Override
  public long expectedCost(String target, long warmTokens, long outputTokens) {
    long[] price = prices.get(target);
    if (price == null) {
      return -1;
    }
    long warm = Math.min(warmTokens, facts.tokens());
    return (facts.tokens() - warm) * price[0] + warm * price[1] + outputTokens * price[2];
  }

  @Override
  public double complexity(Router router) {
    return facts.complexity();
  }
}
