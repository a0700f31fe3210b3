package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.price.NanoUsd;
import io.penstock.core.rule.Condition;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Calls of which nobody knows what they cost are refused where nothing is left, and hold nothing.
 */
class UsedUpTest {
  private static final long USD = NanoUsd.USD;
  private static final Window TOTAL = new Window(Window.Every.TOTAL, ZoneOffset.UTC);

  private final TestTicker ticker = new TestTicker(1_700_000_000_000L);

  private Budgets with(Over over) {
    Budgets budgets = Budgets.embedded(ticker, BudgetListener.NONE, List.of());
    BudgetSpec own =
        BudgetSpec.of("own", Condition.ALWAYS, List.of("user"), Limit.usd(10 * USD), TOTAL);
    budgets.reload(BudgetPlan.compile(List.of(own.withOver(over)), List.of()));
    return budgets;
  }

  private static Reservation spend(Budgets budgets, long held, long cost) {
    Ask ask = new Ask(held, 0, "own", "");
    Reservation taken =
        ((Verdict.Granted) budgets.reserve(TestFacts.user("ann"), ask)).reservation();
    if (cost >= 0) {
      taken.settle(cost, 0);
    }
    return taken;
  }

  @Test
  void deny_isUsedUpAtItsLimit_byWhatIsSpent_forThatSubject() {
    try (Budgets budgets = with(Over.DENY)) {
      assertThat(budgets.usedUp(TestFacts.user("ann"))).isNull();
      assertThat(budgets.resident()).isZero();
      spend(budgets, USD, 9 * USD);
      assertThat(budgets.usedUp(TestFacts.user("ann"))).isNull();

      Reservation open = spend(budgets, USD, -1);
      assertThat(budgets.usedUp(TestFacts.user("ann"))).as("what is held may come back").isNull();
      open.settle(USD, 0);

      Verdict.Denied denied = Objects.requireNonNull(budgets.usedUp(TestFacts.user("ann")));
      assertThat(denied.message())
          .startsWith("budget own of ann is used up: limit ")
          .contains("what this call costs is not known");
      assertThat(budgets.usedUp(TestFacts.user("bob"))).isNull();
    }
  }

  @Test
  void warn_isNever() {
    try (Budgets budgets = with(Over.WARN)) {
      spend(budgets, USD, 20 * USD);
      assertThat(budgets.usedUp(TestFacts.user("ann"))).isNull();
    }
  }

  @Test
  void use_isWhereItsCallsAreRefusedToo() {
    try (Budgets budgets = with(new Over.Use("mini", 120))) {
      spend(budgets, USD, 11 * USD);
      assertThat(budgets.usedUp(TestFacts.user("ann"))).isNull();
      spend(budgets, USD, USD);
      assertThat(budgets.usedUp(TestFacts.user("ann"))).isNotNull();
    }
    try (Budgets budgets = with(new Over.Use("mini", 0))) {
      spend(budgets, USD, 50 * USD);
      assertThat(budgets.usedUp(TestFacts.user("ann"))).isNull();
    }
  }
}
