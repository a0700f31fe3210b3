package io.penstock.server.simulate;

import io.penstock.budget.Ask;
import io.penstock.budget.Budgets;
import io.penstock.budget.Limit;
import io.penstock.budget.Over;
import io.penstock.budget.Verdict;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.Plan;
import io.penstock.core.route.Planner;
import io.penstock.core.route.RouteTable;
import io.penstock.server.call.serve.LeastCap;
import io.penstock.server.targets.Redirection;
import io.penstock.server.targets.Targets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Holds the worst case of the first target that the budgets allow: the same steps as a call's
 * attempts take, one redirection and then clamping included. One per request.
 */
final class Holding {
  /** The budget module takes no larger bound. */
  private static final long MOST = 100_000_000_000_000_000L;

  private final Policy policy;
  private final Planner planner;
  private final Budgets budgets;
  private final Recorded request;
  private final ReplayFacts facts;
  private final ReplayTargets targets;
  private final List<String> words = new ArrayList<>(2);
  private String redirectedBy = "";
  private long cap = -1;

  Holding(
      Policy policy,
      Planner planner,
      Budgets budgets,
      Recorded request,
      ReplayFacts facts,
      ReplayTargets targets) {
    this.policy = policy;
    this.planner = planner;
    this.budgets = budgets;
    this.request = request;
    this.facts = facts;
    this.targets = targets;
  }

  Choice choose(RouteTable.Found route, long seed, String cacheKey) {
    if (request.tries().stream().anyMatch(row -> !Recorded.answered(row))) {
      // What comes after the first target matters as well.
      order(planner.plan(route, facts, targets, seed));
    }
    Plan plan = planner.plan(route, facts, targets, seed);
    Candidate candidate = plan.next("");
    Verdict refusal = null;
    while (candidate != null) {
      Policy.Target target = Objects.requireNonNull(targets.find(candidate.target()));
      Verdict verdict = hold(candidate, target);
      if (verdict instanceof Verdict.Granted(var hold)) {
        words.add(candidate.target() + candidate.spec().set() + candidate.spec().defaults());
        words.add(redirectedBy + "/" + cap);
        return new Choice(null, List.copyOf(words), plan, candidate, hold, cap, cacheKey);
      }
      refusal = verdict;
      if (verdict instanceof Verdict.Denied denied) {
        Plan elsewhere = redirected(denied, seed);
        if (elsewhere != null) {
          plan = elsewhere;
          cap = -1;
          candidate = plan.next("");
          continue;
        }
        long lower = cap < 0 ? affordable(target, denied) : -1;
        if (lower >= leastCap(candidate, target)) {
          cap = lower;
          continue;
        }
      }
      if (!isTargetBound(verdict)) {
        break;
      }
      cap = -1;
      candidate = plan.next(rule(verdict));
    }
    return Choice.blocked(refusal == null ? plan.refusal().code() : rule(refusal));
  }

  private void order(Plan plan) {
    for (Candidate next = plan.next(""); next != null; next = plan.next("")) {
      words.add(next.target());
    }
  }

  private Verdict hold(Candidate candidate, Policy.Target target) {
    long output = targets.outputBound(target, cap);
    long bound = Math.min(MOST, targets.bound(target, output));
    facts.target(candidate.target(), target, bound);
    long likely = targets.likelyUse(output);
    Ask ask = new Ask(bound, targets.inputBound() + output, likely, redirectedBy, "");
    return answer(budgets, budgets.reserve(facts, ask));
  }

  /** Returns the output cap that the budget affords, or -1. */
  private long affordable(Policy.Target target, Verdict.Denied denied) {
    if (!policy.clamp() || !request.question().endpoint().isConversation()) {
      return -1;
    }
    if (denied.limit().unit() == Limit.Unit.TOKENS) {
      return denied.affordable() - targets.inputBound();
    }
    long output = targets.outputBound(target, -1);
    long input = targets.bound(target, 0);
    long bound = targets.bound(target, output);
    long room = denied.affordable() - input;
    if (output <= 0 || bound <= input || room <= 0) {
      return -1;
    }
    return room / ((bound - input + output - 1) / output);
  }

  private @Nullable Plan redirected(Verdict.Denied denied, long seed) {
    if (!(denied.over() instanceof Over.Use use) || !redirectedBy.isEmpty()) {
      return null;
    }
    RouteTable.Found route =
        Redirection.of(request.question().endpoint(), policy.routes(), use.model(), this::writer);
    if (route == null) {
      return null;
    }
    redirectedBy = denied.counter().budget();
    return planner.plan(route, facts, targets, seed);
  }

  private Redirection.@Nullable Writer writer(String provider, String model) {
    Policy.Target target = policy.directory().target(provider, model);
    return target == null ? null : new Redirection.Writer(target.price(), target.dialect());
  }

  /** What the client itself said of thinking is not recorded. */
  private long leastCap(Candidate candidate, Policy.Target target) {
    return LeastCap.of(
        new LeastCap.Way(
            request.question().endpoint().dialect(),
            target.dialect(),
            candidate.model(),
            Targets.json(candidate.spec().set()),
            Targets.json(candidate.spec().defaults())));
  }

  /** Returns the verdict of a store that is in this process: it never has to be waited for. */
  static Verdict answer(Budgets budgets, Verdict verdict) {
    if (!(verdict instanceof Verdict.Pending(var stage))) {
      return verdict;
    }
    budgets.tick();
    return stage
        .toCompletableFuture()
        .getNow(new Verdict.Unavailable(0, "the replay's store did not answer"));
  }

  static String rule(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Denied denied -> denied.counter().budget();
      case Verdict.RateLimited limited -> limited.rate().name();
      case Verdict.ConcurrencyLimited limited -> limited.counter().budget();
      case Verdict.Unavailable unavailable -> "budget_store_unavailable";
      case Verdict.Granted granted -> "";
      case Verdict.Pending pending -> "";
    };
  }

  private static boolean isTargetBound(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Denied denied -> denied.targetBound();
      case Verdict.RateLimited limited -> limited.targetBound();
      case Verdict.ConcurrencyLimited limited -> limited.targetBound();
      default -> false;
    };
  }
}
