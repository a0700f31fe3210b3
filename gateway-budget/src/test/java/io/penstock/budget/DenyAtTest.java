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

  private static Counter sending(Over over) {
    Rule rule =
        new Rule(
            new Rule.Shape("org", -1, Limit.Unit.NANO_USD, List.of(), Window.Every.TOTAL),
            new Rule.Terms(10, List.of(), over, false, ZoneOffset.UTC));
    Counter counter = new Counter(rule, rule.key("", 0), 0);
    counter.allowed = 12;
    counter.give(3);
    return counter;
  }

  /** Between the settlement and the next answer of the store. */
  @Test
  void whatRedirectedCallsGiveBack_whileTheBudgetIsTight_isNotForOthers() {
    Counter counter = sending(new Over.Use("mini", 120));
    counter.heard(12, 1);

    assertThat(counter.takeOrdinarily(2)).isFalse();
    assertThat(counter.take(2, false)).as("the redirected").isTrue();
    counter.give(2);
    counter.heard(12, 0);
    assertThat(counter.takeOrdinarily(2)).as("it is within the limit").isTrue();
    assertThat(counter.free()).isEqualTo(1);
    Counter denying = sending(Over.DENY);
    denying.heard(12, 1);
    assertThat(denying.takeOrdinarily(2)).as("all of it is below the limit").isTrue();
  }

  @Test
  void debtOfARedirectedCall_thatBecameAllowance_isNotForOthersBeforeTheStoreKnows() {
    Counter counter = sending(new Over.Use("mini", 0));
    counter.take(5, true);
    counter.balance(false);
    counter.give(4);

    assertThat(counter.takeOrdinarily(1)).isFalse();
    counter.heard(12, 0);
    assertThat(counter.takeOrdinarily(1)).as("the answer did not have the debt").isFalse();
    counter.heard(counter.allowed, 0);
    assertThat(counter.takeOrdinarily(1)).isTrue();
  }
}
