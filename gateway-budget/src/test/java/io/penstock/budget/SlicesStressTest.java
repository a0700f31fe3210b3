package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.rule.Condition;
import java.lang.management.ManagementFactory;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The in-process part under threads, and what a reservation costs. */
class SlicesStressTest {
  private static final Window TOTAL = new Window(Window.Every.TOTAL, ZoneOffset.UTC);

  private static BudgetSpec budget(String name, long limit, String... per) {
    return BudgetSpec.of(name, Condition.ALWAYS, List.of(per), Limit.usd(limit), TOTAL);
  }

  @Test
  void manyThreads_neverPassTheLimit_andLoseNothing() throws InterruptedException {
    for (int seed = 0; seed < 20; seed++) {
      Budgets budgets = Budgets.embedded(new TestTicker(1_000_000), BudgetListener.NONE, List.of());
      budgets.reload(
          BudgetPlan.compile(
              List.of(budget("org", 10_000), budget("each", 4_000, "user")), List.of()));
      AtomicLong held = new AtomicLong();
      AtomicLong most = new AtomicLong();
      AtomicLong spent = new AtomicLong();
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        Random random = new Random(seed * 31L + t);
        threads.add(Thread.ofPlatform().start(() -> calls(budgets, random, held, most, spent)));
      }
      for (Thread thread : threads) {
        thread.join();
      }

      assertThat(most.get()).isLessThanOrEqualTo(10_000);
      long left = 10_000 - spent.get();
      assertThat(budgets.reserve(TestFacts.user("z"), Ask.of(Math.min(left, 4_000) + 1, 0)))
          .isInstanceOf(Verdict.Denied.class);
      assertThat(budgets.reserve(TestFacts.user("z"), Ask.of(Math.min(left, 4_000), 0)))
          .isInstanceOf(Verdict.Granted.class);
    }
  }

  private static void calls(
      Budgets budgets, Random random, AtomicLong held, AtomicLong most, AtomicLong spent) {
    for (int i = 0; i < 400; i++) {
      long need = 1L + random.nextInt(600);
      TestFacts facts = TestFacts.user("u" + random.nextInt(3));
      if (budgets.reserve(facts, Ask.of(need, 0)) instanceof Verdict.Granted granted) {
        long now = held.addAndGet(need) + spent.get();
        most.accumulateAndGet(Math.min(now, held.get() + spent.get()), Math::max);
        long cost = random.nextInt(4) == 0 ? random.nextLong(need / 4 + 1) : 0;
        held.addAndGet(-need);
        spent.addAndGet(cost);
        granted.reservation().settle(cost, 0);
      }
    }
  }

  @Test
  void reserve_overMoreBudgets_allocatesNoMoreObjects() {
    long one = bytesPerCall(1);
    long five = bytesPerCall(5);

    // One reference more per budget, in the reservation's array; the charges are the row's.
    assertThat(five - one).isLessThanOrEqualTo(4 * 8);
  }

  private static long bytesPerCall(int count) {
    Budgets budgets = Budgets.embedded(new TestTicker(1_000_000), BudgetListener.NONE, List.of());
    List<BudgetSpec> specs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      specs.add(budget("b" + i, Limit.MAX, i % 2 == 0 ? "user" : "team"));
    }
    budgets.reload(BudgetPlan.compile(specs, List.of()));
    TestFacts facts = TestFacts.user("ann");
    Ask ask = Ask.of(1_000, 100);
    for (int i = 0; i < 20_000; i++) {
      ((Verdict.Granted) budgets.reserve(facts, ask)).reservation().cancel();
    }
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    Reservation[] taken = new Reservation[20_000];
    long bytes = threads.getCurrentThreadAllocatedBytes();
    long start = threads.getCurrentThreadCpuTime();
    for (int i = 0; i < taken.length; i++) {
      taken[i] = ((Verdict.Granted) budgets.reserve(facts, ask)).reservation();
    }
    long nanos = threads.getCurrentThreadCpuTime() - start;
    long perCall = (threads.getCurrentThreadAllocatedBytes() - bytes) / taken.length;
    System.out.printf(
        "reserve over %d budgets: %d ns of CPU, %d bytes%n", count, nanos / taken.length, perCall);
    return perCall;
  }
}
