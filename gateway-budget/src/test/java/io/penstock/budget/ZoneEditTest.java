package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.price.NanoUsd;
import io.penstock.core.rule.Condition;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reloads that change the time zone of a budget, which may leave its window as it was, or not. */
class ZoneEditTest {
  private static final long USD = NanoUsd.USD;

  private final TestTicker ticker =
      new TestTicker(Instant.parse("2026-05-05T22:30:00Z").toEpochMilli());
  private final Budgets budgets = Budgets.embedded(ticker, alert -> {}, List.of());

  private void plan(Window.Every every, String zone, long usd) {
    budgets.reload(
        BudgetPlan.compile(
            List.of(
                BudgetSpec.of(
                    "org",
                    Condition.ALWAYS,
                    List.of(),
                    Limit.usd(usd * USD),
                    new Window(every, ZoneId.of(zone)))),
            List.of()));
  }

  private Verdict reserve(long usd) {
    return budgets.reserve(TestFacts.user("ann"), Ask.of(usd * USD, 0));
  }

  private void spend(long usd) {
    ((Verdict.Granted) reserve(usd)).reservation().settle(usd * USD, 0);
  }

  private List<BudgetState> listed() {
    return budgets.states("", 10).toCompletableFuture().join().states();
  }

  @ParameterizedTest
  @CsvSource({
    "TOTAL, UTC, Europe/Berlin",
    "HOUR, UTC, Europe/Berlin",
    "DAY, Europe/Berlin, Europe/Paris",
    "WEEK, Europe/Berlin, Europe/Paris",
    "MONTH, Europe/Berlin, Europe/Paris",
    "YEAR, Europe/Berlin, Europe/Paris"
  })
  void sameWindow_limitsOfThisAndLaterEditsHold_inMemoryToo(
      Window.Every every, String before, String after) {
    plan(every, before, 10);
    spend(6);
    Reservation open = ((Verdict.Granted) reserve(1)).reservation();

    plan(every, after, 5);
    assertThat(reserve(1)).isInstanceOf(Verdict.Denied.class);
    assertThat(listed()).hasSize(1);
    assertThat(listed().getFirst().limit()).isEqualTo(5 * USD);
    open.settle(USD, 0);
    plan(every, after, 9);
    assertThat(reserve(3)).isInstanceOf(Verdict.Denied.class);
    spend(1);
    plan(every, before, 8);

    assertThat(reserve(1)).isInstanceOf(Verdict.Denied.class);
    assertThat(listed()).hasSize(1);
    assertThat(listed().getFirst().spent()).isEqualTo(8 * USD);
  }

  @Test
  void otherWindow_countsAnewAtOnce_andGoesOnWhenTheZoneIsBack() {
    plan(Window.Every.DAY, "UTC", 10);
    spend(9);
    Reservation open = ((Verdict.Granted) reserve(1)).reservation();

    // In Berlin it is half past midnight.
    plan(Window.Every.DAY, "Europe/Berlin", 4);
    spend(4);
    assertThat(reserve(1)).isInstanceOf(Verdict.Denied.class);
    open.settle(0, 0);
    plan(Window.Every.DAY, "UTC", 10);

    spend(1);
    assertThat(reserve(1)).isInstanceOf(Verdict.Denied.class);
    assertThat(listed())
        .extracting(BudgetState::spent)
        .containsExactlyInAnyOrder(10 * USD, 4 * USD);
  }
}
