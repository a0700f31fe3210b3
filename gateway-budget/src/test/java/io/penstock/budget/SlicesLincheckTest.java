package io.penstock.budget;

import io.penstock.core.rule.Condition;
import java.time.ZoneOffset;
import java.util.List;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/** The in-process part under every interleaving that Lincheck finds, against a plain ledger. */
class SlicesLincheckTest {
  /** Each takes seconds: one in the build, more by {@code -Dlincheck.rounds=20}. */
  private static final int ROUNDS = Integer.getInteger("lincheck.rounds", 1);

  private static final int LIMIT = 12;

  /** A slice: calls take and settle on any thread while one thread drains and evicts it. */
  @Param(name = "amount", gen = IntGen.class, conf = "1:5")
  public static class OneSlice {
    private final Counter counter = new Counter(rule(), key(), 0);

    /** A slice that was granted all, five of it held. */
    public OneSlice() {
      counter.attach(LIMIT, 0, 0);
      counter.allowed = LIMIT;
      counter.take(5, false);
    }

    @Operation
    public boolean take(@Param(name = "amount") int amount) {
      return counter.take(amount, false);
    }

    @Operation
    public boolean debt(@Param(name = "amount") int amount) {
      return counter.take(amount, true);
    }

    @Operation
    public boolean give(@Param(name = "amount") int amount) {
      return counter.give(amount);
    }

    /** What a recall wants back; a debt goes the other way. */
    @Operation(nonParallelGroup = "sync")
    public long drain() {
      long before = counter.allowed;
      counter.balance(true);
      return before - counter.allowed;
    }

    @Operation(nonParallelGroup = "sync")
    public boolean evict() {
      counter.toldAllowed = counter.allowed;
      counter.toldSpent = counter.spent();
      return counter.evict();
    }
  }

  /** The same without threads in mind. */
  public static class PlainSlice {
    private long free = LIMIT - 5;
    private long allowed = LIMIT;
    private boolean gone;

    public boolean take(int amount) {
      boolean taken = !gone && free >= amount;
      free -= taken ? amount : 0;
      return taken;
    }

    public boolean debt(int amount) {
      free -= gone ? 0 : amount;
      return !gone;
    }

    public boolean give(int amount) {
      free += gone ? 0 : amount;
      return !gone;
    }

    public long drain() {
      long drained = gone ? 0 : free;
      free -= drained;
      allowed -= drained;
      return drained;
    }

    public boolean evict() {
      boolean leaves = !gone && free == 0 && allowed == 0;
      gone |= leaves;
      return leaves;
    }
  }

  /** The whole module without Redis: three open holds that any thread may settle, cancel, grow. */
  @Param(name = "hold", gen = IntGen.class, conf = "0:1")
  @Param(name = "amount", gen = IntGen.class, conf = "1:5")
  public static class OneBudget {
    private final Budgets budgets =
        Budgets.embedded(new TestTicker(1_000_000), BudgetListener.NONE, List.of());
    private final Reservation[] holds = new Reservation[3];

    /** A budget of which nine are held. */
    public OneBudget() {
      budgets.reload(
          BudgetPlan.compile(
              List.of(
                  BudgetSpec.of(
                      "org",
                      Condition.ALWAYS,
                      List.of(),
                      Limit.usd(LIMIT),
                      new Window(Window.Every.TOTAL, ZoneOffset.UTC))),
              List.of()));
      for (int i = 0; i < holds.length; i++) {
        holds[i] = ((Verdict.Granted) reserve(3L)).reservation();
      }
    }

    private Verdict reserve(long nanos) {
      return budgets.reserve(TestFacts.user("ann"), Ask.of(nanos, 0));
    }

    @Operation
    public boolean reserve(@Param(name = "amount") int amount) {
      return reserve((long) amount) instanceof Verdict.Granted;
    }

    @Operation
    public boolean settle(@Param(name = "hold") int hold, @Param(name = "amount") int cost) {
      return !holds[hold].settle(cost, 0).isEmpty();
    }

    /** Only the last is grown: one that ends while it grows holds more for a moment. */
    @Operation
    public boolean extend(@Param(name = "amount") int amount) {
      return holds[2].extend(amount, 0) instanceof Verdict.Granted;
    }
  }

  /** What a budget is meant to be. */
  public static class PlainBudget {
    private final boolean[] settled = new boolean[3];
    private long room = LIMIT - 9;

    public boolean reserve(int amount) {
      boolean fits = room >= amount;
      room -= fits ? amount : 0;
      return fits;
    }

    public boolean settle(int hold, int cost) {
      if (settled[hold]) {
        return false;
      }
      settled[hold] = true;
      room += 3 - cost;
      return true;
    }

    public boolean extend(int amount) {
      return reserve(amount);
    }
  }

  private static Rule rule() {
    return new Rule(
        new Rule.Shape("org", -1, Limit.Unit.NANO_USD, List.of(), Window.Every.TOTAL),
        new Rule.Terms(LIMIT, List.of(), Over.DENY, false, ZoneOffset.UTC));
  }

  private static CounterKey key() {
    return CounterKey.of("org", -1, Limit.Unit.NANO_USD, List.of(), "", Window.Span.TOTAL);
  }

  @Test
  void slice_everyInterleaving_isLinearizable() {
    ModelCheckingOptions options =
        new ModelCheckingOptions()
            .threads(3)
            .actorsPerThread(3)
            .iterations(ROUNDS * 5)
            .invocationsPerIteration(200)
            .sequentialSpecification(PlainSlice.class);
    options.check(OneSlice.class);
  }

  @Test
  void budget_underThreads_isLinearizable() {
    StressOptions options =
        new StressOptions()
            .threads(3)
            .actorsPerThread(3)
            .iterations(ROUNDS * 3)
            .invocationsPerIteration(200)
            .sequentialSpecification(PlainBudget.class);
    options.check(OneBudget.class);
  }
}
