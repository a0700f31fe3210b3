package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.price.NanoUsd;
import io.penstock.core.rule.Condition;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Plans that change while calls run on replicas that share a store, one replica after another. */
class ReloadTest {
  private static final long USD = NanoUsd.USD;

  private final SharedStore store = new SharedStore(new TestTicker(1_700_000_000_000L));
  private final List<Budgets> replicas = new ArrayList<>();

  private static BudgetPlan plan(long usd, Window.Every every) {
    return BudgetPlan.compile(
        List.of(
            BudgetSpec.of(
                "org",
                Condition.ALWAYS,
                List.of(),
                Limit.usd(usd * USD),
                new Window(every, ZoneOffset.UTC))),
        List.of());
  }

  private static Verdict reserve(Budgets budgets, long usd) {
    return budgets.reserve(TestFacts.user("ann"), Ask.of(usd * USD, 0));
  }

  private Reservation granted(Budgets budgets, long usd) {
    return ((Verdict.Granted) reserveInTheEnd(budgets, usd)).reservation();
  }

  /** Asks until the recalls that the first answers wait for have been obeyed. */
  private Verdict reserveInTheEnd(Budgets budgets, long usd) {
    Verdict verdict = reserve(budgets, usd);
    if (!(verdict instanceof Verdict.Pending pending)) {
      return verdict;
    }
    while (!pending.stage().toCompletableFuture().isDone()) {
      store.advance(10);
    }
    return pending.stage().toCompletableFuture().join();
  }

  @BeforeEach
  void open() {
    for (int i = 0; i < 3; i++) {
      replicas.add(store.open(Outage.SHARE, plan(100, Window.Every.TOTAL)));
    }
    store.awaitReady();
  }

  @Test
  void limitLoweredBelowWhatIsSpent_refusesEverywhere_openCallsEnd_raisedServesAgain() {
    granted(replicas.get(0), 40).settle(40 * USD, 0);
    Reservation open = granted(replicas.get(1), 20);
    replicas.forEach(b -> b.reload(plan(30, Window.Every.TOTAL)));
    store.advance(5_000);

    for (Budgets budgets : replicas) {
      assertThat(reserveInTheEnd(budgets, 1)).isInstanceOf(Verdict.Denied.class);
    }
    assertThat(open.settle(10 * USD, 0)).hasSize(1);
    store.advance(5_000);
    assertThat(store.spent()).isEqualTo(50 * USD);
    replicas.forEach(b -> b.reload(plan(52, Window.Every.TOTAL)));

    assertThat(reserveInTheEnd(replicas.get(2), 2)).isInstanceOf(Verdict.Granted.class);
    assertThat(reserveInTheEnd(replicas.get(0), 1)).isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void limitLoweredOnOneReplica_theOthersGoOnToTheirs() {
    granted(replicas.get(0), 40).settle(40 * USD, 0);
    replicas.get(0).reload(plan(30, Window.Every.TOTAL));
    store.advance(5_000);

    assertThat(reserveInTheEnd(replicas.get(0), 1)).isInstanceOf(Verdict.Denied.class);
    assertThat(reserveInTheEnd(replicas.get(1), 60)).isInstanceOf(Verdict.Granted.class);
    assertThat(reserveInTheEnd(replicas.get(1), 1)).isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void limitLoweredOnOneReplica_whileAnotherHasCallsOpen_refusesInTime_andServesBehindThem() {
    granted(replicas.get(0), 40).settle(40 * USD, 0);
    Reservation open = granted(replicas.get(1), 9);
    replicas.get(0).reload(plan(50, Window.Every.TOTAL));
    store.advance(5_000);

    for (int i = 0; i < 6; i++) {
      granted(replicas.get(1), 1).cancel();
      store.advance(i * 300L);
      // No room beside what is spent, and none beside what is held.
      assertThat(reserve(replicas.get(0), 11)).isInstanceOf(Verdict.Denied.class);
      assertThat(reserveInTheEnd(replicas.get(0), 5)).isInstanceOf(Verdict.Denied.class);
    }
    store.advance(2_000);
    for (int i = 0; i < 3; i++) {
      granted(replicas.get(1), 1).cancel();
    }
    long before = store.asked();
    granted(replicas.get(1), 1).cancel();
    assertThat(store.asked()).as("nobody waits, so it has slices again").isEqualTo(before);
    granted(replicas.get(1), 40).cancel();
    open.settle(2 * USD, 0);

    assertThat(reserveInTheEnd(replicas.get(0), 9)).isInstanceOf(Verdict.Denied.class);
    assertThat(reserveInTheEnd(replicas.get(0), 8)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void windowChanged_replicaByReplica_openHoldsAreSettledWhereTheyWereTaken() {
    Reservation open = granted(replicas.get(0), 60);
    replicas.get(0).reload(plan(100, Window.Every.MONTH));

    // The old counter still holds it for those that have the old plan, the new one starts anew.
    assertThat(reserveInTheEnd(replicas.get(1), 60)).isInstanceOf(Verdict.Denied.class);
    assertThat(reserveInTheEnd(replicas.get(0), 100)).isInstanceOf(Verdict.Granted.class);
    assertThat(open.settle(30 * USD, 0).get(0).counter().windowEnd()).isEqualTo(Long.MAX_VALUE);
    store.advance(5_000);
    assertThat(reserveInTheEnd(replicas.get(1), 70)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void budgetRemoved_openHoldsAreSettled_andItComesBackWithWhatWasSpent() {
    Reservation open = granted(replicas.get(0), 60);
    replicas.forEach(b -> b.reload(BudgetPlan.EMPTY));

    assertThat(reserve(replicas.get(0), 1_000)).isInstanceOf(Verdict.Granted.class);
    open.settle(50 * USD, 0);
    store.advance(600_000);
    assertThat(replicas.get(0).resident()).isZero();
    assertThat(store.spent()).isEqualTo(50 * USD);
    replicas.forEach(b -> b.reload(plan(100, Window.Every.TOTAL)));

    assertThat(reserveInTheEnd(replicas.get(1), 51)).isInstanceOf(Verdict.Denied.class);
    assertThat(reserveInTheEnd(replicas.get(2), 50)).isInstanceOf(Verdict.Granted.class);
  }
}
