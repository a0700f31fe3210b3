package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.price.NanoUsd;
import io.penstock.core.rule.Condition;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What calls that a budget has sent to another model may spend together, on several replicas. */
class DenyAtTest {
  private static final long USD = NanoUsd.USD;
  private static final BudgetPlan PLAN =
      BudgetPlan.compile(
          List.of(
              BudgetSpec.of(
                      "org",
                      Condition.ALWAYS,
                      List.of(),
                      Limit.usd(10 * USD),
                      new Window(Window.Every.TOTAL, ZoneOffset.UTC))
                  .withOver(new Over.Use("mini", 120))),
          List.of());

  private final TestTicker ticker = new TestTicker(1_700_000_000_000L);
  private final SharedStore store = new SharedStore(ticker);
  private final Budgets one = store.open(Outage.SHARE, PLAN);
  private final Budgets two = store.open(Outage.SHARE, PLAN);

  private Verdict reserve(Budgets budgets, String redirectedBy, long nanos) {
    Ask ask = new Ask(nanos, 0, redirectedBy, "");
    return answer(budgets.reserve(TestFacts.user("ann"), ask));
  }

  private Verdict answer(Verdict verdict) {
    if (!(verdict instanceof Verdict.Pending pending)) {
      return verdict;
    }
    while (!pending.stage().toCompletableFuture().isDone()) {
      store.advance(10);
    }
    return pending.stage().toCompletableFuture().join();
  }

  private Reservation held(Verdict verdict) {
    return ((Verdict.Granted) verdict).reservation();
  }

  @Test
  void redirectedHolds_ofSeveralReplicas_seeEachOther() {
    store.awaitReady();
    held(reserve(one, "", 9 * USD)).settle(9 * USD, 0);

    Reservation first = held(reserve(one, "org", 2 * USD));
    Verdict second = reserve(two, "org", 2 * USD);

    assertThat(second)
        .as("9 are spent and 2 are held elsewhere")
        .isInstanceOfSatisfying(
            Verdict.Denied.class, denied -> assertThat(denied.affordable()).isEqualTo(USD));
    assertThat(held(reserve(two, "org", USD)).heldNanos()).isEqualTo(USD);
    assertThat(answer(first.extend(1, 0))).isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void redirectedHold_thatNeedsWhatAnotherReplicaKeepsFree_callsItBack() {
    store.awaitReady();
    held(reserve(one, "", USD)).settle(USD, 0);
    held(reserve(two, "", USD)).settle(USD, 0);

    assertThat(held(reserve(two, "org", 10 * USD)).heldNanos()).isEqualTo(10 * USD);
    assertThat(reserve(one, "org", 1)).isInstanceOf(Verdict.Denied.class);
    assertThat(reserve(one, "", 1)).isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void redirectedHold_settledBelow_leavesNothingBeyondTheLimitToOthers() {
    store.awaitReady();
    held(reserve(one, "", 9 * USD)).settle(9 * USD, 0);

    held(reserve(one, "org", 3 * USD)).settle(USD / 2, 0);
    Verdict ordinary = reserve(one, "", 2 * USD);

    assertThat(ordinary)
        .as("it has given 2.5 back, of which 0.5 are below the limit")
        .isInstanceOfSatisfying(
            Verdict.Denied.class, denied -> assertThat(denied.affordable()).isEqualTo(USD / 2));
    assertThat(held(reserve(one, "", USD / 2)).heldNanos()).isEqualTo(USD / 2);
  }
}
