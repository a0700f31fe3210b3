package io.penstock.server.simulate;

import io.penstock.budget.BudgetSpec;
import io.penstock.budget.RateSpec;
import io.penstock.core.route.RouteSpec;
import io.penstock.core.route.RouteTable;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.LedgerRow;
import io.penstock.server.call.CacheRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Both policies side by side on the same requests in one scenario. Where they decide alike, what
 * happened stands, whatever it was; so the policy that ran differs from the record by nothing.
 */
final class Lane implements AutoCloseable {
  private static final int MOST_DRAWS = 32;
  private static final Set<String> WORDS =
      Set.of("text", "system", "task", "complexity", "tools", "images", "turns");

  private final Policy ran;
  private final Policy asked;
  private final ReplayScores scores;
  private final Replay before;
  private final Replay after;
  private final Forecaster past;
  private final Forecaster future;
  private final Typical typical = new Typical();
  private final Unknowns unknowns = new Unknowns();
  private final Tally happened = new Tally();
  private final Tally simulated = new Tally();

  Lane(Policy ran, Policy asked, Scenario scenario, long startMillis, ReplayScores scores) {
    this.ran = ran;
    this.asked = asked;
    this.scores = scores;
    this.before = new Replay(ran, scenario, startMillis, scores);
    this.after = new Replay(asked, scenario, startMillis, scores);
    this.past = new Forecaster(ran, ran, scenario, typical, new Unknowns());
    this.future = new Forecaster(ran, asked, scenario, typical, unknowns);
  }

  void add(Recorded recorded) {
    Recorded request = recorded;
    before.advance(request.atMillis());
    after.advance(request.atMillis());
    long seed = seed(request);
    Boolean hit = recordedHit(request);
    CacheRules.Rule rule = before.cacheRule(request);
    CacheRules.Rule newRule = after.cacheRule(request);
    boolean alike = alike(rule, newRule) && ran.cache().semantic().equals(asked.cache().semantic());
    Choice then = before.choose(request, seed, hit);
    if (isBlocked(then) && !request.tries().isEmpty()) {
      // It was let through, so its hold was smaller than what was taken for it.
      request = request.tightened();
      then = before.choose(request, seed, hit);
    }
    Choice now = after.choose(request, seed, alike ? hit : carried(request.cache(), rule, newRule));
    boolean same = then.words().equals(now.words()) && stillRefuses(request, then);
    Outcome was = request.happened() ? Outcome.of(request) : past.predict(request, then);
    Outcome will =
        request.happened() && same ? future.asRecorded(request) : future.predict(request, now);
    before.settle(request, then, was);
    after.settle(request, now, will);
    happened.add(request, was);
    simulated.add(request, will);
    count(request, newRule != null && !alike, same);
    if (request.question().usage() != null) {
      typical.see(request.question().routed(), request.question().usage());
    }
  }

  /**
   * Returns draws under which the policy that ran does what it did: they are then the same for the
   * other one, so that only the policy makes a difference.
   */
  private long seed(Recorded request) {
    long seed = mix(request.id().hashCode());
    List<LedgerRow> tries = request.tries();
    if (tries.isEmpty()) {
      return seed;
    }
    String first = Recorded.target(tries.getFirst());
    long draw = seed;
    for (int i = 0; i < MOST_DRAWS; i++) {
      if (before.first(request, draw).equals(first)) {
        return draw;
      }
      draw = mix(draw + 1);
    }
    return seed;
  }

  /** SplitMix64's finaliser. */
  private static long mix(long value) {
    long z = value + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  private static boolean isBlocked(Choice choice) {
    Outcome outcome = choice.outcome();
    return outcome != null && outcome.kind() == Outcome.Kind.BLOCKED;
  }

  /**
   * Whether what refused a request is as it was. Asked where the replay would have let it through,
   * because its hold was larger than the record tells.
   */
  private boolean stillRefuses(Recorded request, Choice then) {
    LedgerRow refusal = request.withoutAttempt();
    if (refusal == null || refusal.outcome().rule().isEmpty() || isBlocked(then)) {
      return true;
    }
    String rule = refusal.outcome().rule();
    return limits(ran, rule).equals(limits(asked, rule));
  }

  /** Returns what a budget or rate allows, in words; equal words allow the same. */
  private static List<String> limits(Policy policy, String rule) {
    List<String> words = new ArrayList<>();
    for (BudgetSpec budget : policy.budgets().budgets()) {
      if (budget.name().equals(rule)) {
        words.add(budget.limit() + " " + budget.window() + " " + budget.over() + budget.per());
      }
    }
    for (RateSpec rate : policy.budgets().rates()) {
      if (rate.name().equals(rule)) {
        words.add(
            rate.requests() + " " + rate.tokens() + " " + rate.concurrent() + " " + rate.every());
      }
    }
    return words;
  }

  private static @Nullable Boolean recordedHit(Recorded request) {
    CacheOutcome cache = request.cache();
    return cache == null ? null : cache.isHit();
  }

  private static boolean alike(CacheRules.@Nullable Rule one, CacheRules.@Nullable Rule other) {
    if (one == null || other == null) {
      return one == null && other == null;
    }
    return one.ttlMillis() == other.ttlMillis() && one.scope() == other.scope();
  }

  /** Returns what a recorded hit is under another rule, or null when it has to be found out. */
  private @Nullable Boolean carried(
      @Nullable CacheOutcome recorded,
      CacheRules.@Nullable Rule rule,
      CacheRules.@Nullable Rule newRule) {
    if (recorded == null || !recorded.isHit()) {
      return null;
    }
    if (recorded == CacheOutcome.SEMANTIC) {
      return ran.cache().semantic().equals(asked.cache().semantic());
    }
    if (newRule == null) {
      return recorded == CacheOutcome.REPLAYED;
    }
    boolean atLeast =
        rule != null
            && newRule.ttlMillis() >= rule.ttlMillis()
            && newRule.scope().compareTo(rule.scope()) >= 0;
    return atLeast ? Boolean.TRUE : null;
  }

  private void count(Recorded request, boolean otherRule, boolean same) {
    Recorded.Question question = request.question();
    if (otherRule && question.content().isEmpty()) {
      unknowns.contentless++;
    }
    if (!ran.cache().semantic().equals(asked.cache().semantic())) {
      unknowns.semantic++;
    }
    if (!same && question.text() == null) {
      RouteTable.Found route = asked.routes().find(question.routed());
      if (route != null && isGuessed(route.spec(), request)) {
        unknowns.wordless++;
      }
    }
  }

  private boolean isGuessed(RouteSpec spec, Recorded request) {
    return switch (spec) {
      case RouteSpec.Complexity complexity -> !scores.knows(complexity.router(), request);
      case RouteSpec.Rules rules ->
          Double.isNaN(request.question().complexity())
              && rules.rules().stream()
                  .anyMatch(rule -> rule.when().variables().stream().anyMatch(WORDS::contains));
      default -> false;
    };
  }

  Tally happened() {
    return happened;
  }

  Tally simulated() {
    return simulated;
  }

  Unknowns unknowns() {
    return unknowns;
  }

  @Override
  public void close() {
    before.close();
    after.close();
  }
}
