package io.penstock.bench;

import io.penstock.core.Ticker;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.HealthBoard;
import io.penstock.core.route.Placements;
import io.penstock.core.route.Planner;
import io.penstock.core.route.Problem;
import io.penstock.core.route.RouteOptions;
import io.penstock.core.route.RouteSpec;
import io.penstock.core.route.RouteTable;
import io.penstock.core.route.Router;
import io.penstock.core.route.ScoreBoard;
import io.penstock.core.route.Surroundings;
import io.penstock.core.route.TargetSpec;
import io.penstock.core.rule.Condition;
import io.penstock.core.rule.Conditions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a decision costs: 1,000 rules on identity, model and metadata, of which only the last holds
 * and leads to a route of 50 targets; 64 users, and in each request's metadata an id of its own.
 * {@code dynamic} of the rules read the request as well, so that they are asked each time; every
 * eighth of these needs CEL's interpreter.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class DecisionBenchmark {
  private static final int RULES = 1_000;
  private static final int TARGETS = 50;
  private static final int USERS = 64;
  private static final int REQUESTS = 1 << 15;

  @Param({"0", "64"})
  int dynamic;

  @Param({"priority", "weighted", "latency", "cost"})
  String strategy = "priority";

  private final Conditions conditions = new Conditions();
  private final Ticker ticker = Ticker.system();
  private final HealthBoard health =
      new HealthBoard(ticker, provider -> HealthBoard.BreakerSetting.DEFAULT, target -> {});
  private final UserFacts[] requests =
      IntStream.range(0, REQUESTS).mapToObj(DecisionBenchmark::request).toArray(UserFacts[]::new);
  private @Nullable Planner planner;
  private RouteTable.@Nullable Found route;
  private int turn;

  /** Makes the routes. */
  @Setup
  public void plan() {
    List<TargetSpec> targets = new ArrayList<>();
    for (int i = 0; i < TARGETS; i++) {
      TargetSpec target = TargetSpec.of("provider" + i % 5 + "/model-" + i).weight(1 + i);
      targets.add(target.quality(0.5 + i / 100.0));
      // Measured, so that `latency` has something to compare.
      health.onFirstToken(target.model(), TimeUnit.MILLISECONDS.toNanos(200 + i));
    }
    Map<String, RouteSpec> models = Map.of("assistant", rules(), "pool", pool(targets));
    List<Problem> problems = new ArrayList<>();
    Set<String> providers = Set.of("provider0", "provider1", "provider2", "provider3", "provider4");
    RouteTable table = RouteTable.of(models, providers, problems);
    if (!problems.isEmpty()) {
      throw new IllegalStateException(problems.toString());
    }
    planner = new Planner(table, health, new Placements(ticker, 1_000), ticker, new ScoreBoard());
    route = table.find("assistant");
  }

  private RouteSpec pool(List<TargetSpec> targets) {
    return switch (strategy) {
      case "weighted" -> new RouteSpec.Weighted(targets, RouteOptions.DEFAULT);
      case "latency" -> new RouteSpec.Latency(targets, RouteOptions.DEFAULT);
      case "cost" -> new RouteSpec.Cost(targets, 0.7, RouteOptions.DEFAULT);
      default -> new RouteSpec.Priority(targets, RouteOptions.DEFAULT);
    };
  }

  private static UserFacts request(int i) {
    int user = i % USERS;
    return new UserFacts(
        "user" + user, Map.of("project", "p" + user, "stage", "live", "request", "r" + i));
  }

  private RouteSpec rules() {
    List<RouteSpec.Rule> rules = new ArrayList<>();
    int every = dynamic == 0 ? RULES : RULES / dynamic;
    for (int i = 0; i < RULES - 1; i++) {
      boolean asks = dynamic > 0 && i % every == 0 && i / every < dynamic;
      rules.add(rule(asks ? reading(i / every) : steady(i)));
    }
    rules.add(new RouteSpec.Rule(Condition.ALWAYS, TargetSpec.of("pool")));
    return new RouteSpec.Rules(rules, RouteOptions.DEFAULT);
  }

  private RouteSpec.Rule rule(String text) {
    return new RouteSpec.Rule(
        conditions.compile(text, Conditions.Kind.REQUEST), TargetSpec.of("pool"));
  }

  private static String steady(int i) {
    return switch (i % 4) {
      case 0 -> "user == \"nobody%d\" && model == \"gpt-4o-mini\"".formatted(i);
      case 1 -> "metadata.project == \"none%d\"".formatted(i);
      case 2 -> "team == \"engineering\" && metadata.stage == \"stage%d\"".formatted(i);
      default -> "app in [\"a%d\", \"b%d\"] || key == \"k%d\"".formatted(i, i, i);
    };
  }

  private static String reading(int i) {
    if (i % 8 == 7) {
      return "size(text) * 2 > %d".formatted(1_000 + i);
    }
    return switch (i % 4) {
      case 0 -> "tokens > %d".formatted(100_000 + i);
      case 1 -> "text.contains(\"word%d\") && stream".formatted(i);
      case 2 -> "turns >= %d && tools > 0".formatted(40 + i);
      default -> "headers[\"x-variant\"] == \"v%d\"".formatted(i);
    };
  }

  /** Plans a request and takes its first target. */
  @Benchmark
  public @Nullable Candidate decide() {
    UserFacts who = requests[turn++ & REQUESTS - 1];
    return Objects.requireNonNull(planner)
        .plan(Objects.requireNonNull(route), who, Fits.ALL, turn)
        .next("");
  }

  /** Every target can be asked; the later in the list, the dearer. */
  private enum Fits implements Surroundings {
    ALL;

    @Override
    public @Nullable String unfit(Candidate candidate) {
      return null;
    }

    @Override
    public long expectedCost(String target, long warmTokens, long outputTokens) {
      return target.length() * 1_000L + target.charAt(target.length() - 1);
    }

    @Override
    public double complexity(Router router) {
      return 0.5;
    }
  }
}
