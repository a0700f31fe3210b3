package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.price.NanoUsd;
import io.penstock.core.rule.Condition;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Alerts and permits over three replicas that share a store, one of which dies. */
class ReplicaLossTest {
  private static final long USD = NanoUsd.USD;

  private final SharedStore store = new SharedStore(new TestTicker(1_700_000_000_000L));
  private final List<Budgets> replicas = new ArrayList<>();
  private final List<BudgetAlert> alerts = new ArrayList<>();
  private final List<Budgets> raisedBy = new ArrayList<>();

  private static BudgetPlan plan(long concurrent) {
    return BudgetPlan.compile(
        List.of(
            BudgetSpec.of(
                    "org",
                    Condition.ALWAYS,
                    List.of("user"),
                    Limit.usd(100 * USD),
                    new Window(Window.Every.MONTH, ZoneOffset.UTC))
                .withAlerts(List.of(50, 90))),
        List.of(
            new RateSpec(
                "narrow",
                TestFacts.when(facts -> !facts.user().equals("free"), "user"),
                List.of(),
                0,
                0,
                Duration.ofMinutes(1),
                concurrent)));
  }

  private void open(int count) {
    open(count, 1);
  }

  private void open(int count, long concurrent) {
    for (int i = 0; i < count; i++) {
      int mine = i;
      replicas.add(
          store.open(
              Outage.SHARE,
              plan(concurrent),
              alert -> {
                alerts.add(alert);
                raisedBy.add(replicas.get(mine));
              }));
    }
    store.awaitReady();
  }

  private Verdict reserve(Budgets budgets, String user, long usd) {
    Verdict verdict = budgets.reserve(TestFacts.user(user), Ask.of(usd * USD, 0));
    if (!(verdict instanceof Verdict.Pending pending)) {
      return verdict;
    }
    while (!pending.stage().toCompletableFuture().isDone()) {
      store.advance(10);
    }
    return pending.stage().toCompletableFuture().join();
  }

  private Reservation granted(Budgets budgets, String user, long usd) {
    return ((Verdict.Granted) reserve(budgets, user, usd)).reservation();
  }

  private void spend(Budgets budgets, String user, long usd) {
    granted(budgets, user, usd).settle(usd * USD, 0);
    store.advance(3_000);
  }

  @Test
  void threshold_passedByAllTogether_isRaisedOncePerSubject_byOneReplica() {
    open(3);
    for (String user : List.of("ann", "bob")) {
      for (int i = 0; i < 6; i++) {
        spend(replicas.get(i % 3), user, 10);
      }
    }
    store.advance(10_000);

    assertThat(alerts).extracting(a -> a.counter().subject()).containsExactly("ann", "bob");
    assertThat(alerts).extracting(BudgetAlert::percent).containsExactly(50, 50);
  }

  @Test
  void replicaThatRaisedIt_dies_raisedAgainWithTheSameId_andNoMore() {
    open(3);
    for (int i = 0; i < 6; i++) {
      spend(replicas.get(i % 3), "ann", 10);
    }
    store.kill(raisedBy.getFirst());
    List<Budgets> living = new ArrayList<>(replicas);
    living.remove(raisedBy.getFirst());
    store.advance(30_000);
    for (Budgets budgets : living) {
      spend(budgets, "ann", 1);
      spend(budgets, "ann", 1);
    }

    assertThat(alerts).hasSize(2);
    assertThat(alerts.get(1).id()).isEqualTo(alerts.get(0).id());
    assertThat(raisedBy.get(1)).isNotEqualTo(raisedBy.get(0));
  }

  @Test
  void threshold_passedAgainAfterAReset_isRaisedOnceMore_withAnotherId() {
    open(3);
    for (int i = 0; i < 6; i++) {
      spend(replicas.get(i % 3), "ann", 10);
    }
    assertThat(alerts).hasSize(1);
    CounterKey counter = alerts.getFirst().counter();
    replicas.get(1).ledgerChanged(List.of(new LedgerPart(counter, 7, -5 * USD)));
    spend(replicas.get(0), "ann", 1);
    spend(replicas.get(2), "ann", 1);
    // Still above half: nothing to tell.
    assertThat(alerts).hasSize(1);

    replicas.get(1).ledgerChanged(List.of(new LedgerPart(counter, 8, -60 * USD)));
    for (int i = 0; i < 4; i++) {
      spend(replicas.get(i % 3), "ann", 10);
    }
    assertThat(alerts).hasSize(1);
    for (int i = 0; i < 3; i++) {
      spend(replicas.get(i % 3), "ann", 5);
    }
    store.advance(10_000);

    assertThat(alerts).extracting(BudgetAlert::percent).containsExactly(50, 50);
    assertThat(alerts.get(1).id()).isNotEqualTo(alerts.get(0).id());
    assertThat(alerts.get(1).spent()).isBetween(50 * USD, 58 * USD);
  }

  @Test
  void permitOfADeadReplica_isFree_onceItsLeaseIsOver() {
    open(2);
    assertThat(reserve(replicas.get(0), "ann", 1)).isInstanceOf(Verdict.Granted.class);
    assertThat(reserve(replicas.get(1), "bob", 1)).isInstanceOf(Verdict.ConcurrencyLimited.class);
    store.kill(replicas.get(0));
    store.advance(5_000);
    assertThat(reserve(replicas.get(1), "bob", 1)).isNotInstanceOf(Verdict.Granted.class);

    // The lease, the heartbeat that finds it over, and the time in which a living one would speak.
    store.advance(10_500);

    assertThat(reserve(replicas.get(1), "bob", 1)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void permitsOfManyDeadReplicas_whileCallsGoOn_areFreeSoonAfterTheirLeases() {
    open(7, 6);
    Budgets living = replicas.getFirst();
    for (Budgets dying : List.copyOf(replicas.subList(1, 7))) {
      assertThat(reserve(dying, "ann", 1)).isInstanceOf(Verdict.Granted.class);
      store.kill(dying);
    }
    for (int i = 0; i < 98; i++) {
      granted(living, "free", 0).settle(0, 0);
      store.advance(100);
    }
    assertThat(reserve(living, "bob", 1)).isNotInstanceOf(Verdict.Granted.class);
    for (int i = 0; i < 35; i++) {
      granted(living, "free", 0).settle(0, 0);
      store.advance(100);
    }

    for (int i = 0; i < 6; i++) {
      assertThat(reserve(living, "bob", 1)).isInstanceOf(Verdict.Granted.class);
    }
  }
}
