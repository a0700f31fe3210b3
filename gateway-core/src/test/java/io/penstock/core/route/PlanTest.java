package io.penstock.core.route;

import static io.penstock.core.route.Bench.PLAIN;
import static io.penstock.core.route.Bench.targets;
import static io.penstock.core.route.FakeTime.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.penstock.core.ErrorCode;
import io.penstock.core.FailureKind;
import io.penstock.core.route.RouteOptions.Sticky;
import io.penstock.core.route.RouteOptions.StickyBy;
import io.penstock.core.rule.Condition;
import io.penstock.core.rule.Conditions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanTest {
  private final Bench bench = new Bench();

  private static String tell(Candidate candidate) {
    return candidate.target() + ": " + candidate.reason();
  }

  private List<String> all(String model) {
    Plan plan = bench.plan(model, 7);
    List<String> told = new ArrayList<>();
    for (Candidate c = plan.next(""); c != null; c = plan.next("429")) {
      told.add(tell(c));
    }
    return told;
  }

  @Test
  void next_priority_inOrderWithReasons() {
    bench.model("m", new RouteSpec.Priority(targets("openai/a", "onprem/b"), PLAIN));

    assertThat(all("m"))
        .containsExactly("openai/a: priority[0]", "onprem/b: priority[1] after 429");
  }

  @Test
  void next_openBreakerCooldownAndUnfit_areSkippedAndTold() {
    bench.model("m", new RouteSpec.Priority(targets("openai/a", "openai/b", "openai/c"), PLAIN));
    for (int i = 0; i < 5; i++) {
      bench.health.onFailure("openai/a", FailureKind.SERVER_ERROR, -1);
    }
    bench.health.onFailure("openai/b", FailureKind.RATE_LIMITED, 2000);
    bench.unfit.put("openai/c", "no tools");
    Plan plan = bench.plan("m", 1);

    assertThat(plan.hasNext()).isFalse();

    assertThat(plan.skipped())
        .containsExactly(
            new Plan.Skipped("openai/a", "breaker open"),
            new Plan.Skipped("openai/b", "cooling down"),
            new Plan.Skipped("openai/c", "no tools"));
  }

  @Test
  void next_nested_walksInnerThenOuter() {
    bench
        .model("in", new RouteSpec.Priority(targets("openai/a", "openai/b"), PLAIN))
        .model("m", new RouteSpec.Priority(targets("in", "anthropic/c"), PLAIN));

    assertThat(all("m"))
        .containsExactly(
            "openai/a: priority[0], priority[0]",
            "openai/b: priority[0], priority[1] after 429",
            "anthropic/c: priority[1] after 429");
  }

  @Test
  void next_nestedBodyFields_outerWins() {
    TargetSpec inner = TargetSpec.of("openai/a").body(Map.of("x", 1, "y", 1), Map.of()).retries(3);
    bench
        .model("in", new RouteSpec.Plain(inner, PLAIN))
        .model("m", new RouteSpec.Plain(TargetSpec.of("in").body(Map.of("x", 2), Map.of()), PLAIN));

    Candidate candidate = Objects.requireNonNull(bench.plan("m", 1).next(""));

    assertThat(candidate.spec().set()).isEqualTo(Map.of("x", 2, "y", 1));
    assertThat(candidate.spec().retries()).isEqualTo(3);
  }

  @Test
  void next_weighted_sharesAreThoseConfigured() {
    bench.model(
        "m",
        new RouteSpec.Weighted(
            List.of(TargetSpec.of("openai/a").weight(95), TargetSpec.of("openai/b").weight(5)),
            PLAIN));
    Map<String, Integer> seen = new HashMap<>();
    for (long seed = 0; seed < 4000; seed++) {
      Candidate candidate = Objects.requireNonNull(bench.plan("m", seed).next(""));
      seen.merge(tell(candidate), 1, Integer::sum);
    }

    assertThat(seen).containsOnlyKeys("openai/a: weighted 95%", "openai/b: weighted 5%");
    assertThat(seen.getOrDefault("openai/b: weighted 5%", 0) / 4000.0)
        .isCloseTo(0.05, within(0.01));
  }

  @Test
  void next_sameSeedAndState_samePlan() {
    bench.model("m", new RouteSpec.Latency(targets("openai/a", "openai/b", "onprem/c"), PLAIN));

    assertThat(all("m")).isEqualTo(all("m"));
  }

  @Test
  void next_latency_prefersTheFaster() {
    bench.model("m", new RouteSpec.Latency(targets("openai/a", "openai/b"), PLAIN));
    bench.health.onFirstToken("openai/a", SECOND);
    bench.health.onFirstToken("openai/b", SECOND / 5);
    int fast = 0;
    for (long seed = 0; seed < 1000; seed++) {
      Candidate candidate = Objects.requireNonNull(bench.plan("m", seed).next(""));
      fast += candidate.target().equals("openai/b") ? 1 : 0;
    }

    assertThat(fast).isBetween(960, 998);
    assertThat(all("m")).first().asString().startsWith("openai/b: latency 200 ms");
  }

  @Test
  void next_stickyWeighted_keepsTargetForItsTime() {
    bench.model(
        "m",
        new RouteSpec.Weighted(
            targets("openai/a", "openai/b"),
            PLAIN.sticky(new Sticky(StickyBy.SESSION, 600 * SECOND))));
    bench.facts.set("session", "s1");
    Plan plan = bench.plan("m", 1);
    Candidate first = Objects.requireNonNull(plan.next(""));
    String chosen = first.target();
    plan.next("hedge"); // what is asked as well does not change what is remembered
    plan.answered(first, "", 0, 0);

    for (long seed = 0; seed < 50; seed++) {
      Candidate candidate = Objects.requireNonNull(bench.plan("m", seed).next(""));
      assertThat(candidate.target()).isEqualTo(chosen);
      assertThat(candidate.reason()).endsWith("sticky");
    }
    bench.time.pass(601 * SECOND);
    assertThat(Objects.requireNonNull(bench.plan("m", 3).next("")).reason())
        .doesNotContain("sticky");
  }

  @Test
  void next_cost_cheapestGoodEnough() {
    bench.model(
        "m",
        new RouteSpec.Cost(
            List.of(
                TargetSpec.of("openai/a").quality(0.7),
                TargetSpec.of("openai/b").quality(0.8),
                TargetSpec.of("openai/c").quality(0.9)),
            0.75,
            PLAIN));
    bench.facts.set("tokens", 1000);
    bench.prices.put("openai/a", new long[] {1, 1, 1});
    bench.prices.put("openai/b", new long[] {5, 1, 5});
    bench.prices.put("openai/c", new long[] {4, 1, 4});
    bench.health.onSuccess("openai/c", 5000); // learned: c writes much

    assertThat(all("m"))
        .containsExactly("openai/b: cost 0.000005 USD", "openai/c: cost 0.000024 USD after 429");
  }

  /** What other names cost is what the target costs that would be tried first there. */
  @Test
  void next_costOverNames_cheapestFirst_theUnknownLast() {
    bench
        .model("small", new RouteSpec.Plain(TargetSpec.of("openai/a"), PLAIN))
        .model("pair", new RouteSpec.Priority(targets("openai/b", "openai/a"), PLAIN))
        .model("unpriced", new RouteSpec.Plain(TargetSpec.of("openai/x"), PLAIN))
        .model("m", new RouteSpec.Cost(targets("unpriced", "pair", "small"), 0, PLAIN));
    bench.facts.set("tokens", 1000);
    bench.prices.put("openai/a", new long[] {1, 1, 1});
    bench.prices.put("openai/b", new long[] {5, 1, 5});

    assertThat(all("m"))
        .containsExactly(
            "openai/a: cost 0.000001 USD",
            "openai/b: cost 0.000005 USD, priority[0] after 429",
            "openai/a: cost 0.000005 USD, priority[1] after 429",
            "openai/x: cost unknown after 429");
    for (int i = 0; i < 5; i++) {
      bench.health.onFailure("openai/b", FailureKind.SERVER_ERROR, -1);
    }
    assertThat(all("m"))
        .first()
        .isEqualTo("openai/a: cost 0.000001 USD, priority[1] past openai/b (breaker open)");
  }

  @Test
  void next_stickyOverNames_warmCache_staysUnlessMovingRepays() {
    bench
        .model("near", new RouteSpec.Plain(TargetSpec.of("openai/a"), PLAIN))
        .model("far", new RouteSpec.Plain(TargetSpec.of("openai/b"), PLAIN))
        .model(
            "m",
            new RouteSpec.Priority(
                targets("near", "far"), PLAIN.sticky(new Sticky(StickyBy.SESSION, 0))));
    bench.facts.set("tokens", 10_000).set("session", "s");
    bench.prices.put("openai/a", new long[] {30, 30, 0});
    bench.prices.put("openai/b", new long[] {30, 3, 0});
    Plan plan = bench.plan("m", 1);
    plan.next("");
    plan.answered(Objects.requireNonNull(plan.next("500")), "", 9_500, 300 * SECOND);

    assertThat(all("m")).first().isEqualTo("openai/b: priority[1], prompt cache warm");
    bench.prices.put("openai/a", new long[] {1, 1, 0});
    assertThat(all("m")).first().isEqualTo("openai/a: priority[0]");
  }

  /** Without {@code sticky} too; the order alone is theirs: nothing is put in front. */
  @Test
  void next_cost_countsTheWarmCacheOfTheConversation() {
    bench.model("m", new RouteSpec.Cost(targets("openai/dear", "openai/cheap"), 0, PLAIN));
    bench.facts.set("tokens", 10_000).set("session", "s");
    bench.prices.put("openai/dear", new long[] {30, 3, 0});
    bench.prices.put("openai/cheap", new long[] {20, 2, 0});
    Plan plan = bench.plan("m", 1);
    plan.next("");
    plan.answered(Objects.requireNonNull(plan.next("500")), "", 9_500, 300 * SECOND);

    assertThat(all("m")).first().asString().startsWith("openai/dear: cost 0.0000435 USD");
    bench.facts.set("session", "another");
    assertThat(all("m")).first().asString().startsWith("openai/cheap");
    bench.facts.set("session", "s");
    bench.time.pass(301 * SECOND);
    assertThat(all("m")).first().asString().startsWith("openai/cheap");
  }

  @Test
  void failed_silent_isNotAskedAgain_whateverRouteNamesIt() {
    bench
        .model("in", new RouteSpec.Priority(targets("openai/a", "openai/b"), PLAIN))
        .model("m", new RouteSpec.Priority(targets("openai/a", "in"), PLAIN));
    Plan plan = bench.plan("m", 1);
    Candidate first = Objects.requireNonNull(plan.next(""));
    assertThat(plan.hasNext()).isTrue(); // it has been looked at before it is known to be silent

    plan.failed(first, FailureKind.FIRST_TOKEN_TIMEOUT);

    assertThat(tell(Objects.requireNonNull(plan.next("silence"))))
        .isEqualTo("openai/b: priority[1], priority[1] past openai/a (was silent) after silence");
    assertThat(plan.hasNext()).isFalse();
  }

  @Test
  void failed_contextLength_onlyALongerOneIsAsked() {
    bench.model(
        "m",
        new RouteSpec.Priority(targets("openai/a", "openai/b", "onprem/c", "openai/d"), PLAIN));
    bench.contexts.putAll(Map.of("openai/a", 8_000L, "openai/b", 8_000L, "openai/d", 16_000L));
    Plan plan = bench.plan("m", 1);
    Candidate first = Objects.requireNonNull(plan.next(""));
    plan.hasNext();

    plan.failed(first, FailureKind.CONTEXT_LENGTH);

    // Of c nobody knows.
    assertThat(Objects.requireNonNull(plan.next("")).target()).isEqualTo("onprem/c");
    assertThat(Objects.requireNonNull(plan.next("")).target()).isEqualTo("openai/d");
    assertThat(plan.hasNext()).isFalse();
    assertThat(plan.skipped()).containsExactly(new Plan.Skipped("openai/b", "context too short"));
  }

  @ParameterizedTest
  @CsvSource({"no credential, true", "over the ceiling, false", "no price, false"})
  void isDiverted_onlyForWhatPasses(String why, boolean diverted) {
    bench.model("m", new RouteSpec.Priority(targets("openai/a", "openai/b"), PLAIN));
    bench.unfit.put("openai/a", why);
    Plan plan = bench.plan("m", 1);
    assertThat(plan.isDiverted()).isFalse();
    plan.next("");
    assertThat(plan.isDiverted()).isEqualTo(diverted);
  }

  @Test
  void isDiverted_pastABreakerOrACooldown() {
    bench.model("m", new RouteSpec.Priority(targets("openai/a", "openai/b"), PLAIN));
    bench.health.onFailure("openai/a", FailureKind.RATE_LIMITED, 2000);
    Plan plan = bench.plan("m", 1);
    plan.next("");
    assertThat(plan.isDiverted()).isTrue();
  }

  @Test
  void next_costWithWarmCache_movesOnlyWhenItRepays() {
    bench.model(
        "m",
        new RouteSpec.Cost(
            targets("openai/dear", "openai/cheap"),
            0,
            PLAIN.sticky(new Sticky(StickyBy.SESSION, 0))));
    bench.facts.set("tokens", 10_000).set("session", "s");
    bench.prices.put("openai/dear", new long[] {30, 3, 0});
    bench.prices.put("openai/cheap", new long[] {20, 2, 0});
    bench.placements.put(
        Objects.requireNonNull(
            Planner.stickyName("m", new Sticky(StickyBy.SESSION, 0), bench.facts)),
        "openai/dear",
        "key-2",
        9_500,
        300 * SECOND);

    Candidate warm = Objects.requireNonNull(bench.plan("m", 1).next(""));
    bench.time.pass(301 * SECOND);
    Candidate cold = Objects.requireNonNull(bench.plan("m", 1).next(""));

    assertThat(warm.target()).isEqualTo("openai/dear");
    assertThat(warm.keyHint()).isEqualTo("key-2");
    assertThat(cold.target()).isEqualTo("openai/cheap");
  }

  @Test
  void worthMoving_boundary_isTheSumOverRemainingTurns() {
    // Moving costs 100 once, then saves 10 per turn: repaid after more than 11 turns.
    assertThat(BreakEven.worthMoving(20, 120, 10, 11)).isFalse();
    assertThat(BreakEven.worthMoving(20, 120, 10, 12)).isTrue();
    assertThat(BreakEven.remainingTurns(0)).isEqualTo(1);
    assertThat(BreakEven.remainingTurns(500)).isEqualTo(BreakEven.MOST_TURNS);
  }

  @Test
  void next_complexity_byThresholdThenStronger() {
    bench
        .model("weak", new RouteSpec.Plain(TargetSpec.of("openai/weak"), PLAIN))
        .model(
            "m",
            new RouteSpec.Complexity(
                List.of(TargetSpec.of("weak").upto(0.35), TargetSpec.of("openai/strong")),
                Double.NaN,
                Router.shipped(),
                PLAIN));
    bench.facts.set("complexity", 0.214);
    assertThat(all("m"))
        .containsExactly(
            "openai/weak: complexity 0.21 -> weak",
            "openai/strong: complexity 0.21 -> openai/strong after 429");

    bench.facts.set("complexity", 0.36);
    assertThat(all("m")).first().isEqualTo("openai/strong: complexity 0.36 -> openai/strong");
  }

  @Test
  void next_complexityShare_thresholdFromTheRouter() {
    bench.model(
        "m",
        new RouteSpec.Complexity(targets("openai/w", "openai/s"), 0.2, Router.shipped(), PLAIN));
    bench.facts.set("complexity", 0.81);
    assertThat(all("m")).first().asString().startsWith("openai/s");
    bench.facts.set("complexity", 0.79);
    assertThat(all("m")).first().asString().startsWith("openai/w");
  }

  @Test
  void escalate_cascade_goesToTheNextTierEvenAfterLookingAhead() {
    Condition accept =
        new Conditions().compile("response.finish == 'stop'", Conditions.Kind.RESPONSE);
    bench
        .model("in", new RouteSpec.Priority(targets("openai/a", "openai/b"), PLAIN))
        .model(
            "m",
            new RouteSpec.Cascade(
                List.of(
                    TargetSpec.of("in").accept(accept, true),
                    TargetSpec.of("openai/mid"),
                    TargetSpec.of("openai/top")),
                PLAIN));
    Plan plan = bench.plan("m", 1);
    Candidate first = Objects.requireNonNull(plan.next(""));
    assertThat(first.spec().accept()).isSameAs(accept);
    assertThat(first.spec().optimistic()).isTrue();
    assertThat(plan.hasNext()).isTrue();

    Candidate second = Objects.requireNonNull(plan.escalate("not accepted"));
    assertThat(plan.hasNext()).isTrue();
    Candidate third = Objects.requireNonNull(plan.escalate("not accepted"));

    assertThat(tell(second)).isEqualTo("openai/mid: cascade[1] after not accepted");
    assertThat(third.target()).isEqualTo("openai/top");
    assertThat(plan.escalate("not accepted")).isNull();
  }

  @Test
  void next_rules_firstThatHolds() {
    bench.model(
        "m",
        new RouteSpec.Rules(
            List.of(
                bench.rule("metadata.environment == \"development\"", "openai/dev"),
                bench.rule("budget[\"org\"] > 0.9", "openai/cheap"),
                new RouteSpec.Rule(Condition.ALWAYS, TargetSpec.of("openai/rest"))),
            PLAIN));

    assertThat(all("m")).containsExactly("openai/rest: rule[2] true");
    bench.facts.budget("org", 0.95);
    assertThat(all("m")).containsExactly("openai/cheap: rule[1] budget[\"org\"] > 0.9");
    bench.facts.metadata("environment", "development");
    assertThat(all("m")).first().asString().startsWith("openai/dev: rule[0]");
  }

  private static RouteOptions limits(long firstToken, long ceiling, boolean drop) {
    return PLAIN.within(firstToken, ceiling, drop);
  }

  @Test
  void next_nestedLimits_theLeastOnTheWayCounts_andAnyDrop() {
    bench
        .model("in", new RouteSpec.Priority(targets("openai/a", "openai/b"), limits(9, 500, false)))
        .model("out", new RouteSpec.Priority(targets("in", "openai/c"), limits(8, 700, true)))
        .model("alias", new RouteSpec.Plain(TargetSpec.of("in"), PLAIN));

    RouteOptions nested = Objects.requireNonNull(bench.plan("out", 1).next("")).options();
    RouteOptions through = Objects.requireNonNull(bench.plan("alias", 1).next("")).options();

    assertThat(nested.firstTokenNanos()).isEqualTo(8);
    assertThat(nested.ceilingNanos()).isEqualTo(500);
    assertThat(nested.dropUnsupported()).isTrue();
    assertThat(through.firstTokenNanos()).as("an alias keeps what it stands for").isEqualTo(9);
    assertThat(through.ceilingNanos()).isEqualTo(500);
    assertThat(through.dropUnsupported()).isFalse();
  }

  @Test
  void next_nestedRetries_theNearestThatSaysSo() {
    bench
        .model("in", new RouteSpec.Plain(TargetSpec.of("openai/a"), PLAIN))
        .model("m", new RouteSpec.Priority(List.of(TargetSpec.of("in").retries(2)), PLAIN));

    assertThat(Objects.requireNonNull(bench.plan("m", 1).next("")).spec().retries()).isEqualTo(2);
  }

  @Test
  void next_passedOver_theReasonNamesTheLast_once() {
    bench.model("m", new RouteSpec.Priority(targets("openai/a", "openai/b", "openai/c"), PLAIN));
    bench.unfit.put("openai/a", "no key");

    assertThat(all("m"))
        .containsExactly(
            "openai/b: priority[1] past openai/a (no key)", "openai/c: priority[2] after 429");
  }

  @Test
  void next_contextLikelyTooShort_isPassedOverForALongerOne_andNotAskedAfterIt() {
    bench.model("m", new RouteSpec.Priority(targets("openai/a", "openai/b"), PLAIN));
    bench.shortContexts.put("openai/a", 128_000L);

    assertThat(all("m"))
        .containsExactly("openai/b: priority[1] past openai/a (context likely too short)");
  }

  @Test
  void next_allContextsLikelyTooShort_theLongestAreAsked() {
    bench
        .model("in", new RouteSpec.Priority(targets("openai/a", "openai/b"), PLAIN))
        .model("m", new RouteSpec.Priority(targets("in", "onprem/c", "onprem/d"), PLAIN));
    bench.shortContexts.put("openai/a", 8_000L);
    bench.shortContexts.put("openai/b", 128_000L);
    bench.shortContexts.put("onprem/c", 128_000L);
    bench.unfit.put("onprem/d", "no tools");
    Plan plan = bench.plan("m", 1);

    assertThat(Objects.requireNonNull(plan.next("")).target()).isEqualTo("openai/b");
    assertThat(plan.skipped())
        .extracting(Plan.Skipped::target)
        .containsExactly("openai/a", "onprem/c", "onprem/d");
    assertThat(Objects.requireNonNull(plan.next("429")).target()).isEqualTo("onprem/c");
    assertThat(plan.next("429")).isNull();
  }

  @Test
  void next_theOneThatIsLongEnoughIsOpen_theLongestOfTheOthersIsAsked() {
    bench.model("m", new RouteSpec.Priority(targets("openai/a", "openai/b"), PLAIN));
    bench.shortContexts.put("openai/a", 128_000L);
    for (int i = 0; i < 5; i++) {
      bench.health.onFailure("openai/b", FailureKind.SERVER_ERROR, -1);
    }

    assertThat(all("m")).containsExactly("openai/a: priority[0]");
  }

  @ParameterizedTest
  @CsvSource({
    "no price, no price, MODEL_NOT_PRICED",
    "no price, over the ceiling, BUDGET_EXCEEDED",
    "context too short, no price, CONTEXT_LENGTH_EXCEEDED",
    "does not serve it, does not serve it, UNSUPPORTED_PARAMETER",
    "no price, no credential, NO_HEALTHY_TARGET",
    "cooling down, over the ceiling, NO_HEALTHY_TARGET",
  })
  void refusal_isWhatTheNextRequestWouldGetToo_elseThatWaitingMayHelp(
      String one, String other, ErrorCode expected) {
    bench.model("m", new RouteSpec.Priority(targets("openai/a", "openai/b"), PLAIN));
    bench.unfit.put("openai/a", one);
    bench.unfit.put("openai/b", other);
    Plan plan = bench.plan("m", 1);

    assertThat(plan.hasNext()).isFalse();

    assertThat(plan.refusal()).isEqualTo(expected);
  }

  @Test
  void refusal_noRuleHolds_isTold() {
    bench.model("m", new RouteSpec.Rules(List.of(bench.rule("turns > 9", "openai/a")), PLAIN));
    Plan plan = bench.plan("m", 1);

    assertThat(plan.hasNext()).isFalse();

    assertThat(plan.skipped()).containsExactly(new Plan.Skipped("m", "no rule holds"));
  }

  @Test
  void next_costUnknown_comesLast_soThatTheRefusalNamesIt() {
    bench.model("m", new RouteSpec.Cost(targets("openai/a", "openai/b"), 0, PLAIN));
    bench.facts.set("tokens", 1000);
    bench.prices.put("openai/b", new long[] {5, 1, 5});

    assertThat(all("m")).first().asString().startsWith("openai/b: cost 0.000005 USD");
    assertThat(all("m")).last().isEqualTo("openai/a: cost unknown after 429");
  }

  @Test
  void next_stickyByASubjectThatIsAbsent_keepsNothing() {
    bench.model(
        "m",
        new RouteSpec.Weighted(
            targets("openai/a", "openai/b"),
            PLAIN.sticky(new Sticky(StickyBy.USER, 600 * SECOND))));
    Plan plan = bench.plan("m", 1);
    plan.answered(Objects.requireNonNull(plan.next("")), "", 0, 0);
    List<String> seen = new ArrayList<>();
    for (long seed = 0; seed < 50; seed++) {
      seen.add(tell(Objects.requireNonNull(bench.plan("m", seed).next(""))));
    }

    assertThat(seen).contains("openai/a: weighted 50%", "openai/b: weighted 50%");
  }

  @Test
  void next_afterAReload_weightsAreTheNew_andAStickyTargetStaysWhileItIsOne() {
    RouteOptions sticky = PLAIN.sticky(new Sticky(StickyBy.SESSION, 600 * SECOND));
    TargetSpec a = TargetSpec.of("openai/a");
    TargetSpec b = TargetSpec.of("openai/b");
    bench.facts.set("session", "s1");
    bench.model("m", new RouteSpec.Weighted(List.of(a, b.weight(0)), sticky));
    Plan plan = bench.plan("m", 1);
    plan.answered(Objects.requireNonNull(plan.next("")), "", 0, 0);

    bench.model("m", new RouteSpec.Weighted(List.of(a.weight(1), b.weight(99)), sticky));
    assertThat(all("m")).first().isEqualTo("openai/a: weighted 1%, sticky");
    bench.facts.set("session", "s2");
    assertThat(all("m")).first().isEqualTo("openai/b: weighted 99%");

    bench.facts.set("session", "s1");
    bench.model("m", new RouteSpec.Weighted(List.of(a.weight(0), b), sticky));
    assertThat(all("m")).containsExactly("openai/b: weighted 100%");
  }
}
