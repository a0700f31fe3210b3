package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.rule.Condition;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BudgetPlanTest {
  private static final Window DAY = new Window(Window.Every.DAY, ZoneOffset.UTC);

  private static BudgetSpec budget(String name, Limit limit, String... per) {
    return BudgetSpec.of(name, Condition.ALWAYS, List.of(per), limit, DAY);
  }

  @Test
  void problems_everyBadInput_isNamedWithValueAndExpectation() {
    List<BudgetSpec> bad =
        List.of(
            budget("a", Limit.usd(-1)),
            budget("a", Limit.usd(Limit.MAX + 1)),
            budget("b", Limit.tokens(1), "planet").withAlerts(List.of(0, 50)),
            budget("c", Limit.usd(1)).withOver(new Over.Use("", 90)),
            budget("d", Limit.usd(1))
                .withOverrides(
                    List.of(new BudgetSpec.OverrideLimit(Condition.ALWAYS, Limit.tokens(5)))),
            BudgetSpec.of("e", TestFacts.when(f -> true, "budget"), List.of(), Limit.usd(1), DAY));
    List<RateSpec> rates =
        List.of(
            new RateSpec("r", Condition.ALWAYS, List.of(), 0, 0, Duration.ofMinutes(1), 0),
            new RateSpec("s", Condition.ALWAYS, List.of(), -4, 0, Duration.ofMinutes(1), 0),
            new RateSpec("t", Condition.ALWAYS, List.of(), 4, 0, Duration.ZERO, 0));

    assertThat(BudgetPlan.problems(bad, rates))
        .containsExactly(
            "budget a: limit: -1 (expected: 0 to 9000000000.00 USD)",
            "budget a: the name is used twice (expected: unique among budgets)",
            "budget a: limit: 9000000000000000001 (expected: 0 to 9000000000.00 USD)",
            "budget b: per: planet (expected: team app user end_user key model provider session"
                + " metadata.NAME)",
            "budget b: alert 0% (expected: 1% to 1000%)",
            "budget c: over.use is empty (expected: a model)",
            "budget d: override limit: in TOKENS (expected: money or tokens, as the budget's)",
            "budget e: when reads budget[...] (expected: nothing that depends on budgets)",
            "rate r limits nothing (expected: requests, tokens or concurrent)",
            "rate s: requests -4, tokens 0, concurrent 0 (expected: 1 to 10^12, or left out)",
            "rate t: every PT0S (expected: at least 1s)");
    assertThatThrownBy(() -> BudgetPlan.compile(bad, rates)).hasMessageContaining("limit: -1");
  }

  @Test
  void warnings_budgetThatNeverHolds_isNamed() {
    BudgetPlan plan =
        BudgetPlan.compile(
            List.of(
                BudgetSpec.of(
                    "ghost",
                    TestFacts.when(f -> f.team().equals("nobody"), "team"),
                    List.of(),
                    Limit.usd(1),
                    DAY),
                budget("zero", Limit.usd(0))),
            List.of());

    assertThat(plan.warnings(read -> List.of(TestFacts.user("ann"))))
        .containsExactly(
            "budget ghost: when 'team' holds for no request",
            "budget zero: limit 0 refuses every call that costs something");
  }

  @Test
  void match_memoisableCondition_isAskedOncePerKind() {
    AtomicInteger asked = new AtomicInteger();
    BudgetPlan plan =
        BudgetPlan.compile(
            List.of(
                BudgetSpec.of(
                    "b",
                    TestFacts.when(
                        f -> {
                          asked.incrementAndGet();
                          return f.team().equals("t");
                        },
                        "team"),
                    List.of(),
                    Limit.usd(1),
                    DAY)),
            List.of());

    for (int i = 0; i < 10; i++) {
      assertThat(plan.matchBudgets(TestFacts.user("ann"), "")).containsExactly(0);
    }
    assertThat(asked).hasValue(1);
    assertThat(plan.matchBudgets(TestFacts.user("ann").with("team", "x"), "")).isEmpty();
  }

  @Test
  void match_conditionOnText_isAskedEachTime_overrideThatHoldsFirstWins() {
    BudgetSpec spec =
        BudgetSpec.of(
                "b",
                TestFacts.when(f -> f.text().startsWith("a"), "text"),
                List.of(),
                Limit.usd(1),
                DAY)
            .withOverrides(
                List.of(
                    new BudgetSpec.OverrideLimit(
                        TestFacts.when(f -> f.text().length() > 1, "text"), Limit.usd(2)),
                    new BudgetSpec.OverrideLimit(Condition.ALWAYS, Limit.usd(3))));
    BudgetPlan plan = BudgetPlan.compile(List.of(budget("a", Limit.usd(1)), spec), List.of());

    assertThat(plan.matchBudgets(new TestFacts().with("text", "a"), "")).containsExactly(0, 3);
    assertThat(plan.matchBudgets(new TestFacts().with("text", "ab"), "")).containsExactly(0, 2);
    assertThat(plan.matchBudgets(new TestFacts().with("text", "b"), "")).containsExactly(0);
  }

  @Test
  void match_ownCall_countsOnSharedBudgetsAndItsOwn() {
    BudgetPlan plan =
        BudgetPlan.compile(
            List.of(
                budget("org", Limit.usd(1)),
                budget("each", Limit.usd(1), "user"),
                budget("shadow", Limit.usd(1)).withPurpose("shadow")),
            List.of());

    assertThat(plan.matchBudgets(new TestFacts(), "")).containsExactly(0, 1);
    assertThat(plan.matchBudgets(new TestFacts(), "shadow")).containsExactly(0, 2);
  }

  @Test
  void subject_absentOrLong_isNoneOrHashed() {
    TestFacts facts = new TestFacts().with("user", "u".repeat(10_000)).with("team", "a / b");

    assertThat(Subjects.of(List.of("metadata.project"), facts)).isEqualTo("(none)");
    assertThat(Subjects.of(List.of("user"), facts)).startsWith("sha256:").hasSize(39);
    assertThat(Subjects.of(List.of("team", "app"), facts)).isEqualTo("a // b / (none)");
    assertThat(Subjects.of(List.of(), facts)).isEmpty();
  }
}
