package io.penstock.bench;

import io.penstock.budget.Ask;
import io.penstock.budget.BudgetListener;
import io.penstock.budget.BudgetPlan;
import io.penstock.budget.BudgetSpec;
import io.penstock.budget.Budgets;
import io.penstock.budget.Charge;
import io.penstock.budget.Limit;
import io.penstock.budget.RateSpec;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.budget.Window;
import io.penstock.core.Ticker;
import io.penstock.core.rule.Condition;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What a reservation from slices costs, over one budget and over five. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class BudgetBenchmark {
  private static final List<List<String>> SUBJECTS =
      List.of(List.of(), List.of("user"), List.of("team"), List.of("key"), List.of("app"));

  private static final long MANY = 1_000_000_000_000L;

  @Param({"1", "5"})
  int budgets;

  private final UserFacts facts = new UserFacts("ann");
  private final Ask ask = Ask.of(1_000, 10);
  private final Budgets open = Budgets.embedded(Ticker.system(), BudgetListener.NONE, List.of());
  private final Budgets rated = Budgets.embedded(Ticker.system(), BudgetListener.NONE, List.of());

  /** Opens budgets that are never used up. */
  @Setup
  public void plan() {
    List<BudgetSpec> specs = new ArrayList<>();
    for (int i = 0; i < budgets; i++) {
      specs.add(
          BudgetSpec.of(
              "b" + i,
              Condition.ALWAYS,
              SUBJECTS.get(i),
              Limit.usd(Limit.MAX),
              new Window(Window.Every.TOTAL, ZoneOffset.UTC)));
    }
    open.reload(BudgetPlan.compile(specs, List.of()));
    RateSpec rate =
        new RateSpec(
            "r", Condition.ALWAYS, List.of("key"), MANY, MANY, Duration.ofMinutes(1), 1_000);
    rated.reload(BudgetPlan.compile(specs, List.of(rate)));
  }

  /** Takes the hold. */
  @Benchmark
  public Verdict reserve() {
    return open.reserve(facts, ask);
  }

  /** What a whole request does that a rate of requests, tokens and concurrency counts as well. */
  @Benchmark
  public List<Charge> requestWithRates() {
    Reservation admitted = ((Verdict.Granted) rated.admit(facts)).reservation();
    List<Charge> charges =
        ((Verdict.Granted) rated.reserve(facts, ask)).reservation().settle(700, 7);
    admitted.settle(0, 0);
    return charges;
  }

  /** Takes the hold and settles it; the charges are those of the ledger's row. */
  @Benchmark
  public List<Charge> reserveAndSettle() {
    return ((Verdict.Granted) open.reserve(facts, ask)).reservation().settle(700, 7);
  }
}
