package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.price.NanoUsd;
import io.penstock.core.rule.Condition;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What conditions read of a budget that replicas share: when the store is read for it. */
class SharedFiguresTest {
  private static final long USD = NanoUsd.USD;

  /** In USD, and so far off that nothing is called back. */
  private static final long LIMIT = 1_000;

  private static final BudgetPlan PLAN =
      BudgetPlan.compile(
          List.of(budget("each", List.of("user")), budget("all", List.of())), List.of());

  private final TestTicker ticker = new TestTicker(1_700_000_000_000L);
  private final SharedStore store = new SharedStore(ticker);
  private final Budgets one = store.open(Outage.SHARE, PLAN);
  private final Budgets two = store.open(Outage.SHARE, PLAN);

  private static BudgetSpec budget(String name, List<String> per) {
    Window total = new Window(Window.Every.TOTAL, ZoneOffset.UTC);
    return BudgetSpec.of(name, Condition.ALWAYS, per, Limit.usd(LIMIT * USD), total);
  }

  private void spend(Budgets budgets, String user, long usd) {
    Verdict verdict = budgets.reserve(TestFacts.user(user), Ask.of(usd * USD, 0));
    if (verdict instanceof Verdict.Pending pending) {
      while (!pending.stage().toCompletableFuture().isDone()) {
        store.advance(10);
      }
      verdict = pending.stage().toCompletableFuture().join();
    }
    ((Verdict.Granted) verdict).reservation().settle(usd * USD, 0);
    store.advance(3_000);
  }

  /** In USD. */
  private static long used(Budgets budgets, String user) {
    return Math.round(budgets.used("each", TestFacts.user(user)) * LIMIT);
  }

  private static @Nullable CompletionStage<Void> read(Budgets budgets, String user) {
    return budgets.read("each"::equals, TestFacts.user(user));
  }

  @Test
  void subjectThatOnlyAnotherHasSeen_isRead_onceInTenSeconds() {
    store.awaitReady();
    spend(one, "ann", 4);
    assertThat(used(two, "ann")).isZero();
    long asked = store.asked();

    // A store that answers at once leaves nothing to wait for.
    assertThat(read(two, "ann")).isNull();
    assertThat(used(two, "ann")).isEqualTo(4);
    assertThat(two.matching(TestFacts.user("ann")))
        .extracting(BudgetState::spent)
        .containsExactly(4 * USD, 0L);
    read(two, "ann");
    assertThat(store.reads()).isEqualTo(1);
    assertThat(store.asked()).isEqualTo(asked);
    assertThat(two.resident()).isZero();

    spend(one, "ann", 5);
    store.advance(8_000);
    read(two, "ann");
    assertThat(store.reads()).isEqualTo(2);
    assertThat(used(two, "ann")).isEqualTo(9);
  }

  @Test
  void whatAMoveTellsLater_wins_andIsNotReadForAMinute() {
    store.awaitReady();
    spend(one, "ann", 4);
    read(two, "ann");
    spend(one, "ann", 2);
    spend(two, "ann", 1);
    assertThat(used(two, "ann")).isEqualTo(7);

    store.advance(50_000);
    read(two, "ann");
    assertThat(store.reads()).isEqualTo(1);

    // Nobody tells of a slice that is not used.
    spend(one, "ann", 1);
    store.advance(10_000);
    assertThat(used(two, "ann")).isEqualTo(7);
    read(two, "ann");
    assertThat(store.reads()).isEqualTo(2);
    assertThat(used(two, "ann")).isEqualTo(8);
  }

  @Test
  void counterThatLeftMemory_isReadAgain_thoughItWasReadBeforeItCame() {
    store.awaitReady();
    spend(one, "ann", 4);
    read(two, "ann");
    spend(two, "ann", 1);
    assertThat(two.resident()).isPositive();
    for (int i = 0; i < 70; i++) {
      store.advance(6_000);
    }
    assertThat(two.resident()).isZero();

    read(two, "ann");
    assertThat(used(two, "ann")).isEqualTo(5);
  }

  @Test
  void whatWasSettledHere_andNotTold_counts() {
    store.awaitReady();
    spend(one, "ann", 4);
    spend(two, "ann", 1);
    store.pause();
    Verdict.Granted held = (Verdict.Granted) two.reserve(TestFacts.user("ann"), Ask.of(USD, 0));
    assertThat(used(two, "ann")).isEqualTo(6);
    held.reservation().settle(USD, 0);
    assertThat(used(two, "ann")).isEqualTo(6);
  }

  @Test
  void manyAtOnce_areOneReading_andNobodyWaitsForever() {
    store.awaitReady();
    spend(one, "ann", 4);
    store.pause();

    CompletionStage<Void> first = read(two, "ann");
    assertThat(first).isNotNull().isSameAs(read(two, "ann"));
    assertThat(store.reads()).isEqualTo(1);

    Objects.requireNonNull(first).toCompletableFuture().join();
    assertThat(two.unread()).isEqualTo(1);
    assertThat(used(two, "ann")).isZero();
    // Not at once again: an outage must not hold up each call.
    assertThat(read(two, "ann")).isNull();
    assertThat(store.reads()).isEqualTo(1);
    store.resume();
    store.advance(1_000);
    read(two, "ann");
    assertThat(used(two, "ann")).isEqualTo(4);
  }

  @Test
  void budgetsThatNobodyReads_areNotRead() {
    store.awaitReady();
    assertThat(two.read("none"::equals, TestFacts.user("ann"))).isNull();
    assertThat(store.reads()).isZero();
    two.read(name -> true, TestFacts.user("ann"));
    assertThat(store.reads()).isEqualTo(2);
  }
}
