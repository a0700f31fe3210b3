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

/** How often the store is asked far from limits, by users who ask ten times a minute. */
class CallsPerRequestTest {
  private static final int USERS = 500;
  private static final int REQUESTS_PER_MINUTE = 10 * USERS;

  /** What replicas have learned in the first is forgotten by then: a user is not seen by each. */
  private static final int MINUTES = 5;

  private static BudgetPlan plan() {
    List<BudgetSpec> budgets = new ArrayList<>();
    for (List<String> per : List.of(List.<String>of(), List.of("team"), List.of("user"))) {
      budgets.add(
          BudgetSpec.of(
              "b" + per,
              Condition.ALWAYS,
              per,
              Limit.usd(1_000 * NanoUsd.USD),
              new Window(Window.Every.MONTH, ZoneOffset.UTC)));
    }
    RateSpec rate =
        new RateSpec(
            "r", Condition.ALWAYS, List.of("user"), 6_000, 20_000_000, Duration.ofMinutes(1), 50);
    return BudgetPlan.compile(budgets, List.of(rate));
  }

  private static void request(Budgets budgets, String user) {
    TestFacts facts = TestFacts.user(user);
    Reservation admitted = granted(budgets.admit(facts));
    granted(budgets.reserve(facts, Ask.of(1_000_000, 2_000))).settle(300_000, 600);
    admitted.settle(0, 0);
  }

  private static Reservation granted(Verdict verdict) {
    return ((Verdict.Granted) verdict).reservation();
  }

  private static double callsPerRequest(int count) {
    return callsPerRequest(count, MINUTES, REQUESTS_PER_MINUTE);
  }

  /** Returns the calls per request of the last of some minutes. */
  private static double callsPerRequest(int count, int minutes, int requestsPerMinute) {
    SharedStore store = new SharedStore(new TestTicker(1_700_000_000_000L));
    List<Budgets> replicas = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Budgets replica = store.open(Outage.SHARE, plan());
      replicas.add(replica);
    }
    store.awaitReady();
    Random random = new Random(count);
    for (Budgets replica : replicas) {
      for (int user = 0; user < USERS; user++) {
        request(replica, "u" + user);
      }
    }
    long before = 0;
    for (int minute = 0; minute < minutes; minute++) {
      before = store.asked();
      long passed = 0;
      for (int i = 0; i < requestsPerMinute; i++) {
        request(replicas.get(random.nextInt(count)), "u" + random.nextInt(USERS));
        // The timers of replicas tick every 10 ms.
        long due = 60_000L * (i + 1) / requestsPerMinute / 10 * 10;
        store.advance(due - passed);
        passed = due;
      }
    }
    return (double) (store.asked() - before) / requestsPerMinute;
  }

  @Test
  void thousandASecond_storeIsAskedSeldom_andAsOftenByEightReplicasAsByOne() {
    double one = callsPerRequest(1, 2, 60_000);
    double eight = callsPerRequest(8, 2, 60_000);
    System.out.printf(
        "1,000/s: calls per request: %.4f by one replica, %.4f by eight%n", one, eight);

    assertThat(one).isLessThan(0.03);
    assertThat(eight).isBetween(one * 0.9, one * 1.1);
  }

  @Test
  void farFromLimits_storeIsAskedForFewRequests_andAsOftenByEightReplicasAsByOne() {
    double one = callsPerRequest(1);
    double three = callsPerRequest(3);
    double eight = callsPerRequest(8);
    System.out.printf(
        "calls per request: %.4f by one replica, %.4f by three, %.4f by eight%n",
        one, three, eight);

    assertThat(List.of(one, three, eight)).allSatisfy(c -> assertThat(c).isLessThan(0.15));
    assertThat(three).isBetween(one * 0.9, one * 1.1);
    assertThat(eight).isBetween(one * 0.9, one * 1.1);
  }
}
