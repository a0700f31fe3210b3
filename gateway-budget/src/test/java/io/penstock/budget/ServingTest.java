package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.rule.Condition;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When a replica says that it serves calls: whoever balances load sends it none otherwise. */
class ServingTest {
  private static final BudgetPlan PLAN =
      BudgetPlan.compile(
          List.of(
              BudgetSpec.of(
                  "org",
                  Condition.ALWAYS,
                  List.of(),
                  Limit.usd(100_000_000_000L),
                  new Window(Window.Every.TOTAL, ZoneOffset.UTC))),
          List.of());

  private final TestTicker ticker = new TestTicker(1_700_000_000_000L);
  private final SharedStore store = new SharedStore(ticker);

  private static boolean isGranted(Budgets budgets) {
    if (budgets.reserve(TestFacts.user("ann"), Ask.of(1_000, 1)) instanceof Verdict.Granted g) {
      g.reservation().settle(1_000, 1);
      return true;
    }
    return false;
  }

  private Budgets started(Outage outage) {
    Budgets budgets = store.open(outage, PLAN);
    store.awaitReady();
    for (int second = 0; second < 60; second++) {
      assertThat(isGranted(budgets)).isTrue();
      store.advance(1_000);
    }
    assertThat(budgets.serves()).isTrue();
    store.pause();
    store.giveUp();
    return budgets;
  }

  @Test
  void share_servesUntilWhatWasGrantedMayNotBeSpent() {
    Budgets budgets = started(Outage.SHARE);
    for (int second = 0; second < 60; second++) {
      assertThat(budgets.serves()).as("second " + second).isTrue();
      assertThat(isGranted(budgets)).as("second " + second).isTrue();
      store.advance(1_000);
    }
    store.advance(20_000);
    assertThat(isGranted(budgets)).isFalse();
    assertThat(budgets.serves()).isFalse();

    store.resume();
    store.advance(1_000);
    assertThat(budgets.serves()).isTrue();
  }

  @Test
  void deny_servesNothingWithoutTheStore() {
    assertThat(started(Outage.DENY).serves()).isFalse();
  }

  @Test
  void allow_servesHoweverLongTheStoreIsAway() {
    Budgets budgets = started(Outage.ALLOW);
    store.advance(200_000);
    assertThat(budgets.isReady()).isFalse();
    assertThat(budgets.serves()).isTrue();
  }
}
