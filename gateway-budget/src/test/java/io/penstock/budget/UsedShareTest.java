package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.price.NanoUsd;
import io.penstock.core.rule.Condition;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What conditions read of a budget is what was spent, whatever this replica has in memory. */
class UsedShareTest {
  private static final long USD = NanoUsd.USD;
  private static final Window TOTAL = new Window(Window.Every.TOTAL, ZoneOffset.UTC);
  private static final BudgetPlan PLAN =
      BudgetPlan.compile(
          List.of(
              BudgetSpec.of("each", Condition.ALWAYS, List.of("user"), Limit.usd(10 * USD), TOTAL)),
          List.of());

  private final TestTicker ticker =
      new TestTicker(Instant.parse("2026-05-05T12:00:00Z").toEpochMilli());

  private Budgets embedded(LedgerPart... parts) {
    Budgets budgets = Budgets.embedded(ticker, BudgetListener.NONE, List.of(parts));
    budgets.reload(PLAN);
    return budgets;
  }

  private static CounterKey key(Budgets budgets, String user) {
    return Objects.requireNonNull(budgets.counter("each", -1, user));
  }

  private static CounterKey spend(Budgets budgets, String user, long nanos) {
    return settle(budgets.reserve(TestFacts.user(user), Ask.of(nanos, 0)), nanos);
  }

  private static CounterKey settle(Verdict verdict, long nanos) {
    return ((Verdict.Granted) verdict).reservation().settle(nanos, 0).get(0).counter();
  }

  private static double used(Budgets budgets, String user) {
    return budgets.used("each", TestFacts.user(user));
  }

  private void idle(Budgets budgets, int seconds) {
    for (int i = 0; i < seconds; i++) {
      ticker.advance(1_000);
      budgets.tick();
    }
  }

  @Test
  void embedded_afterRestart_isWhatTheLedgerHas() {
    try (Budgets before = embedded()) {
      LedgerPart ann = new LedgerPart(key(before, "ann"), 1, 9 * USD);
      LedgerPart bob = new LedgerPart(key(before, "bob"), 1, 4 * USD);
      try (Budgets budgets = embedded(ann, bob)) {
        assertThat(used(budgets, "ann")).isEqualTo(0.9);
        BudgetState state = budgets.matching(TestFacts.user("bob")).get(0);
        assertThat(state.spent()).isEqualTo(4 * USD);
        assertThat(state.held()).isZero();
        assertThat(used(budgets, "eve")).isZero();
        // Having been read changes nothing of what may be spent.
        assertThat(budgets.reserve(TestFacts.user("ann"), Ask.of(USD + 1, 0)))
            .isInstanceOf(Verdict.Denied.class);
        spend(budgets, "ann", USD);
        assertThat(used(budgets, "ann")).isEqualTo(1.0);
      }
    }
  }

  @Test
  void embedded_afterItLeftMemory_isWhatItWas() {
    try (Budgets budgets = embedded()) {
      spend(budgets, "ann", 9 * USD);
      spend(budgets, "bob", 2 * USD);
      idle(budgets, 90);
      assertThat(budgets.resident()).isZero();

      assertThat(used(budgets, "ann")).isEqualTo(0.9);
      assertThat(budgets.matching(TestFacts.user("bob")).get(0).spent()).isEqualTo(2 * USD);
      // It leaves again: reading holds nothing.
      idle(budgets, 90);
      assertThat(budgets.resident()).isZero();
    }
  }

  @Test
  void embedded_heldByOpenCalls_countsToo() {
    LedgerPart spent;
    try (Budgets before = embedded()) {
      spent = new LedgerPart(key(before, "ann"), 1, 5 * USD);
    }
    try (Budgets budgets = embedded(spent)) {
      budgets.reserve(TestFacts.user("ann"), Ask.of(4 * USD, 0));
      assertThat(used(budgets, "ann")).isEqualTo(0.9);
      assertThat(budgets.matching(TestFacts.user("ann")).get(0).held()).isEqualTo(4 * USD);
    }
  }
}
