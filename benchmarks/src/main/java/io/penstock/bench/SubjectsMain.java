package io.penstock.bench;

import io.penstock.budget.Ask;
import io.penstock.budget.BudgetListener;
import io.penstock.budget.BudgetPlan;
import io.penstock.budget.BudgetSpec;
import io.penstock.budget.Budgets;
import io.penstock.budget.Limit;
import io.penstock.budget.Verdict;
import io.penstock.budget.Window;
import io.penstock.core.Ticker;
import io.penstock.core.price.NanoUsd;
import io.penstock.core.rule.Condition;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The heap that subjects of one per-user budget take in a process: while all are in use, and when
 * they are idle. {@code benchmarks/run subjects [COUNT]}.
 */
final class SubjectsMain {
  /** Subjects between two ticks: a million of them within the minute after which one is idle. */
  private static final int EACH_TICK = 40_000;

  private SubjectsMain() {}

  /** Time that only this program moves. */
  private record SetTicker(AtomicLong millis) implements Ticker {
    @Override
    public long nanoTime() {
      return millis.get() * 1_000_000;
    }

    @Override
    public long epochMillis() {
      return millis.get();
    }
  }

  public static void main(String[] args) {
    int count = args.length > 0 ? Integer.parseInt(args[0]) : 1_000_000;
    SetTicker ticker = new SetTicker(new AtomicLong(System.currentTimeMillis()));
    long before = usedBytes();
    try (Budgets budgets = Budgets.embedded(ticker, BudgetListener.NONE, List.of())) {
      budgets.reload(
          BudgetPlan.compile(
              List.of(
                  BudgetSpec.of(
                      "developer-daily",
                      Condition.ALWAYS,
                      List.of("user"),
                      Limit.usd(10 * NanoUsd.USD),
                      new Window(Window.Every.MONTH, ZoneOffset.UTC))),
              List.of()));
      for (int i = 0; i < count; i++) {
        Verdict verdict = budgets.reserve(new UserFacts("user-" + i), Ask.of(1_000_000, 100));
        ((Verdict.Granted) verdict).reservation().settle(700_000, 70);
        if (i % EACH_TICK == 0) {
          ticker.millis.addAndGet(2_000);
          budgets.tick();
        }
      }
      report("in use", count, budgets, usedBytes() - before);
      while (budgets.resident() > 0) {
        ticker.millis.addAndGet(2_000);
        budgets.tick();
      }
      report("idle", count, budgets, usedBytes() - before);
    }
  }

  private static void report(String what, int count, Budgets budgets, long bytes) {
    System.out.printf(
        "%,d subjects %s: %d MB, %d bytes each; %,d counters resident%n",
        count, what, bytes >> 20, bytes / count, budgets.resident());
  }

  private static long usedBytes() {
    Runtime runtime = Runtime.getRuntime();
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
