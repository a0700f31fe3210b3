package io.penstock.server.simulate;

import io.penstock.budget.BudgetListener;
import io.penstock.budget.Budgets;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.core.identity.Principal;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.HealthBoard;
import io.penstock.core.route.Placements;
import io.penstock.core.route.Plan;
import io.penstock.core.route.Planner;
import io.penstock.core.route.RouteTable;
import io.penstock.core.route.Router;
import io.penstock.core.route.ScoreBoard;
import io.penstock.ledger.LedgerRow;
import io.penstock.server.call.CacheRules;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One policy at work on recorded requests: the gateway's own decisions in the record's time. */
final class Replay implements AutoCloseable {
  private static final int MAX_PLACEMENTS = 100_000;
  private static final long WARM_NANOS = TimeUnit.MINUTES.toNanos(5);
  private static final long TICK_MILLIS = 1000;

  private final Policy policy;
  private final Scenario scenario;
  private final VirtualClock clock = new VirtualClock();
  private final HealthBoard health;
  private final ScoreBoard shares = new ScoreBoard();
  private final ReplayScores scores;
  private final Planner planner;
  private final Budgets budgets;
  private final ReplayCache cache;
  private final PriorityQueue<Open> open =
      new PriorityQueue<>(Comparator.comparingLong(Open::endMillis).thenComparingLong(Open::order));
  private long order;
  private long tickedMillis;

  /** A call under way: what it holds and what it will have cost. */
  private record Open(long endMillis, long order, Reservation hold, long cost, long tokens) {}

  Replay(Policy policy, Scenario scenario, long startMillis, ReplayScores scores) {
    this.policy = policy;
    this.scenario = scenario;
    this.scores = scores;
    clock.advance(startMillis);
    this.health = new HealthBoard(clock, policy.directory()::breaker, target -> {});
    this.planner =
        new Planner(policy.routes(), health, new Placements(clock, MAX_PLACEMENTS), clock, shares);
    this.budgets = Budgets.embedded(clock, BudgetListener.NONE, List.of());
    budgets.reload(policy.budgets());
    this.cache = new ReplayCache(policy.cache(), scenario);
  }

  /** Lets time pass: calls end and are settled on the way. */
  void advance(long toMillis) {
    while (!open.isEmpty() && open.element().endMillis() <= toMillis) {
      Open ended = open.remove();
      clock.advance(ended.endMillis());
      ended.hold().settle(ended.cost(), ended.tokens());
    }
    clock.advance(toMillis);
    if (toMillis - tickedMillis >= TICK_MILLIS) {
      tickedMillis = toMillis;
      budgets.tick();
    }
  }

  private ReplayFacts facts(Recorded request) {
    ReplayFacts facts = new ReplayFacts(request, policy, scenario);
    facts.budgets(name -> budgets.used(name, facts));
    return facts;
  }

  /** Returns the rule of the exact cache that holds for a request, or null. */
  CacheRules.@Nullable Rule cacheRule(Recorded request) {
    return cache.rule(facts(request));
  }

  /** Returns which target these draws would try first, or "" for none. */
  String first(Recorded request, long seed) {
    RouteTable.Found route = policy.routes().find(request.question().routed());
    if (route == null) {
      return "";
    }
    Candidate first = planner.plan(route, facts(request), targets(request), seed).next("");
    return first == null ? "" : first.target();
  }

  private ReplayTargets targets(Recorded request) {
    return new ReplayTargets(
        policy.directory(), request, scenario, router -> judge(router, request));
  }

  private double judge(Router router, Recorded request) {
    double score = scores.of(router, request, scenario);
    shares.seen(router, score);
    return score;
  }

  /**
   * Decides, and holds what the attempt may cost.
   *
   * @param seed of every draw
   * @param recordedHit what the cache is known to have said under the same rule, or null
   */
  Choice choose(Recorded request, long seed, @Nullable Boolean recordedHit) {
    Recorded.Question question = request.question();
    if (question.endpoint() == Endpoint.PASSTHROUGH) {
      return Choice.none();
    }
    Principal who = policy.directory().principal(request.caller().key(), request.caller().team());
    if (!who.mayAsk(question.model())) {
      return Choice.blocked("model_not_allowed");
    }
    ReplayFacts facts = facts(request);
    Verdict rates = Holding.answer(budgets, budgets.admit(facts));
    if (!(rates instanceof Verdict.Granted(Reservation admitted))) {
      return Choice.blocked(Holding.rule(rates));
    }
    Choice choice = admitted(request, facts, who, seed, recordedHit);
    Outcome outcome = choice.outcome();
    if (outcome != null && outcome.kind() == Outcome.Kind.BLOCKED) {
      admitted.cancel();
    } else {
      admitted.settle(0, 0);
    }
    return choice;
  }

  private Choice admitted(
      Recorded request,
      ReplayFacts facts,
      Principal who,
      long seed,
      @Nullable Boolean recordedHit) {
    CacheRules.Rule rule = cache.rule(facts);
    String key = rule == null ? "" : cache.key(rule, request, who);
    boolean hit =
        recordedHit != null
            ? recordedHit
            : rule != null && cache.holds(rule, key, request.atMillis());
    if (hit) {
      return Choice.cached("exact");
    }
    RouteTable.Found route = policy.routes().find(request.question().routed());
    if (route == null) {
      return Choice.blocked("model_not_found");
    }
    return new Holding(policy, planner, budgets, request, facts, targets(request))
        .choose(route, seed, key);
  }

  /** Takes in what became of a request, so that the next one finds it. */
  void settle(Recorded request, Choice choice, Outcome outcome) {
    long took = request.tookMillis();
    Reservation hold = choice.hold();
    boolean answered = outcome.kind() == Outcome.Kind.ANSWERED;
    if (hold != null) {
      long tokens = outcome.usage().inputTokens() + outcome.usage().outputTokens();
      if (answered || outcome.cost() > 0) {
        open.add(new Open(request.atMillis() + took, order++, hold, outcome.cost(), tokens));
      } else {
        hold.cancel();
      }
    }
    request.tries().forEach(this::learn);
    if (answered) {
      cache.store(choice.cacheKey(), request.atMillis(), request.atMillis() + took);
      Plan plan = choice.plan();
      Candidate first = choice.first();
      if (plan != null && first != null && first.target().equals(outcome.where())) {
        plan.answered(first, "", outcome.usage().inputTokens(), WARM_NANOS);
      }
      if (!request.happened()) {
        health.onSuccess(outcome.where(), outcome.usage().outputTokens());
      }
    }
  }

  /** Takes in what an attempt says of its target, whoever chose it. */
  private void learn(LedgerRow row) {
    String target = Recorded.target(row);
    if (row.times().firstTokenNanos() > 0) {
      health.onFirstToken(target, row.times().firstTokenNanos());
    }
    if (Recorded.answered(row)) {
      health.onSuccess(target, row.usage().outputTokens());
    } else {
      health.onFailure(target, kind(row.outcome().status()), -1);
    }
  }

  private static FailureKind kind(int status) {
    return switch (status) {
      case 0 -> FailureKind.CONNECT;
      case 401, 403 -> FailureKind.CREDENTIALS;
      case 429 -> FailureKind.RATE_LIMITED;
      default ->
          status >= 500 || status == 408 ? FailureKind.SERVER_ERROR : FailureKind.BAD_REQUEST;
    };
  }

  @Override
  public void close() {
    budgets.close();
  }
}
