package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.rule.Condition;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ListingTest {
  private static final Window TOTAL = new Window(Window.Every.TOTAL, ZoneOffset.UTC);

  private static Budgets budgets() {
    Budgets budgets =
        Budgets.embedded(new TestTicker(1_700_000_000_000L), BudgetListener.NONE, List.of());
    budgets.reload(
        BudgetPlan.compile(
            List.of(
                BudgetSpec.of("all", Condition.ALWAYS, List.of(), Limit.usd(1_000), TOTAL),
                BudgetSpec.of(
                    "two", Condition.ALWAYS, List.of("user", "team"), Limit.usd(1_000), TOTAL)),
            List.of()));
    return budgets;
  }

  @Test
  void unspent_ofASubjectThatNoRequestHas_isRefusedWithItsForm() {
    try (Budgets budgets = budgets()) {
      for (String typo :
          List.of("", "ann", "ann / red / x", "ann / ", "ann/red", "sha256:x", "ann / r\u001bd")) {
        assertThatThrownBy(() -> budgets.unspent("two", -1, typo))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage(
                "subject: '" + typo + "' (expected: whom the budget counts, by user / team)");
      }
      assertThatThrownBy(() -> budgets.unspent("all", -1, "ann"))
          .hasMessageContaining("none, for the budget is shared by all");
      String hash = "sha256:0123456789abcdef0123456789abcdef";
      for (String sound : List.of("ann / red", "(none) / a // b", hash)) {
        assertThat(budgets.unspent("two", -1, sound).counter().subject()).isEqualTo(sound);
      }
    }
  }

  @Test
  void counter_ofALongSubject_isTheOneThatRequestsHave() {
    String name = "n".repeat(5_000);
    try (Budgets budgets = budgets()) {
      BudgetSpec each =
          BudgetSpec.of("each", Condition.ALWAYS, List.of("user"), Limit.usd(1_000), TOTAL);
      budgets.reload(BudgetPlan.compile(List.of(each), List.of()));
      CounterKey charged =
          ((Verdict.Granted) budgets.reserve(TestFacts.user(name), Ask.of(200, 1)))
              .reservation()
              .settle(100, 1)
              .get(0)
              .counter();
      assertThat(budgets.unspent("each", -1, name).counter()).isEqualTo(charged);
      assertThat(budgets.counter("each", -1, name)).isEqualTo(charged);
      for (String typo : List.of("ann\0", "a\u001b[2J")) {
        assertThatThrownBy(() -> budgets.unspent("each", -1, typo))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  void states_ofAFormerMeaning_haveNoLimit() {
    Window month = new Window(Window.Every.MONTH, ZoneOffset.UTC);
    Limit limit = Limit.usd(1_000);
    BudgetSpec before = BudgetSpec.of("b", Condition.ALWAYS, List.of("user"), limit, TOTAL);
    BudgetSpec otherWindow = BudgetSpec.of("b", Condition.ALWAYS, List.of("user"), limit, month);
    BudgetSpec otherPer = BudgetSpec.of("b", Condition.ALWAYS, List.of("app"), limit, TOTAL);
    try (Budgets budgets = budgets()) {
      for (BudgetSpec next : List.of(otherWindow, otherPer)) {
        budgets.reload(BudgetPlan.compile(List.of(before), List.of()));
        CounterKey old =
            ((Verdict.Granted) budgets.reserve(TestFacts.user("ann"), Ask.of(200, 1)))
                .reservation()
                .settle(100, 1)
                .get(0)
                .counter();
        assertThat(limitOf(budgets, old)).isEqualTo(1_000);
        assertThat(before.counts(old)).isTrue();
        assertThat(next.counts(old)).isFalse();
        budgets.reload(BudgetPlan.compile(List.of(next), List.of()));
        assertThat(limitOf(budgets, old)).isEqualTo(-1);
      }
    }
  }

  private static long limitOf(Budgets budgets, CounterKey counter) {
    return budgets.states("", 100).toCompletableFuture().join().states().stream()
        .filter(state -> state.counter().equals(counter))
        .findFirst()
        .orElseThrow()
        .limit();
  }

  @Test
  void spentShares_areOfTheMoment_alsoWhatTheStoreWasNotTold() {
    try (Budgets budgets = budgets()) {
      CounterKey all = budgets.shared().get(0);
      assertThat(budgets.shared()).hasSize(1);
      for (int i = 0; i < 3; i++) {
        ((Verdict.Granted) budgets.reserve(TestFacts.user("ann"), Ask.of(200, 1)))
            .reservation()
            .settle(100, 1);
      }
      Map<CounterKey, Double> shares =
          budgets.spentShares(List.of(all)).toCompletableFuture().join();
      assertThat(shares).containsExactly(Map.entry(all, 0.3));
    }
  }
}
