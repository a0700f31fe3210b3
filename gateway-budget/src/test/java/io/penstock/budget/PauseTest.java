package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.price.NanoUsd;
import io.penstock.core.rule.Condition;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A store that says nothing for a minute: whoever is below 80 % of a budget does not notice. */
class PauseTest {
  private static final long USD = NanoUsd.USD;
  private static final long LIMIT = 100 * USD;

  private final TestTicker ticker = new TestTicker(1_700_000_000_000L);
  private final SharedStore store = new SharedStore(ticker);
  private long spent;

  private static BudgetPlan plan() {
    return BudgetPlan.compile(
        List.of(
            BudgetSpec.of(
                "org",
                Condition.ALWAYS,
                List.of(),
                Limit.usd(LIMIT),
                new Window(Window.Every.TOTAL, ZoneOffset.UTC))),
        List.of(rate(60_000, 60_000_000)));
  }

  private static RateSpec rate(long requests, long tokens) {
    return new RateSpec(
        "r", Condition.ALWAYS, List.of("user"), requests, tokens, Duration.ofMinutes(1), 0);
  }

  private boolean isSpent(Budgets budgets, long nanos) {
    if (isAdmitted(budgets)
        && budgets.reserve(TestFacts.user("ann"), Ask.of(nanos, 100))
            instanceof Verdict.Granted g) {
      g.reservation().settle(nanos, 100);
      spent += nanos;
      return true;
    }
    return false;
  }

  private static boolean isAdmitted(Budgets budgets) {
    return budgets.admit(TestFacts.user("ann")) instanceof Verdict.Granted;
  }

  @Test
  void withoutTheStore_eachReplicaHasItsPartOfARate_andTheStoreHearsOfIt() {
    BudgetPlan plan = BudgetPlan.compile(List.of(), List.of(rate(60, 0)));
    List<Budgets> replicas = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      replicas.add(store.open(Outage.SHARE, plan));
    }
    store.awaitReady();
    for (Budgets replica : replicas) {
      assertThat(isAdmitted(replica)).isTrue();
    }
    store.advance(2_500);
    store.pause();
    store.giveUp();
    store.advance(60_000);

    for (Budgets replica : replicas) {
      int admitted = 0;
      while (isAdmitted(replica)) {
        admitted++;
      }
      // A third of 60, less what this replica took in the last window.
      assertThat(admitted).isBetween(18, 20);
    }
    store.resume();
    store.advance(1_000);
    int more = 0;
    while (isAdmitted(replicas.get(0))) {
      more++;
    }
    assertThat(more).isLessThanOrEqualTo(60 - 18);
    assertThat(isAdmitted(replicas.get(1))).isFalse();
    store.advance(120_000);
    assertThat(isAdmitted(replicas.get(1))).isTrue();
  }

  /** A second of a load that keeps away from no replica for long. */
  private boolean isServed(List<Budgets> replicas, long call, Random random) {
    boolean served = true;
    for (Budgets budgets : replicas) {
      // One call a second and replica, more or less.
      for (int calls = random.nextInt(3); calls > 0; calls--) {
        served &= isSpent(budgets, call / 2 + random.nextLong(call / 2));
      }
    }
    store.advance(1_000);
    return served;
  }

  @ParameterizedTest
  @CsvSource({"1,0,50", "3,0,50", "3,40,50", "3,62,50", "8,60,10"})
  void minute_withoutTheStore_refusesNothing_andOverspendsNothing(
      int count, long before, long milli) {
    long call = milli * USD / 1_000;
    List<Budgets> replicas = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      replicas.add(store.open(Outage.SHARE, plan()));
    }
    Random random = new Random(count * 100L + before);
    store.awaitReady();
    for (long usd = 0; usd < before; usd++) {
      assertThat(isSpent(replicas.get(0), USD)).isTrue();
      store.advance(10);
    }
    for (int second = 0; second < 90; second++) {
      assertThat(isServed(replicas, call, random))
          .as("before the pause, second " + second)
          .isTrue();
    }
    assertThat(spent).isLessThan(LIMIT / 5 * 4);

    store.pause();
    for (int second = 0; second < 60; second++) {
      if (second == 1) {
        store.giveUp();
      }
      assertThat(isServed(replicas, call, random)).as("second " + second).isTrue();
    }
    List<Long> owners = replicas.stream().map(Budgets::owner).toList();
    store.resume();
    store.advance(5_000);
    assertThat(store.spent()).isEqualTo(spent);
    // All leases were over: who came back first took nobody for dead.
    assertThat(replicas.stream().map(Budgets::owner).toList()).isEqualTo(owners);

    // Whatever is left, and not more: recalls bring back what lies in the slices of others.
    for (int i = 0; i < 20 * LIMIT / call; i++) {
      isSpent(replicas.get(i % count), call);
      store.advance(10);
    }
    store.advance(5_000);
    assertThat(spent).isBetween(LIMIT - call, LIMIT);
    assertThat(store.spent()).isEqualTo(spent);
  }
}
