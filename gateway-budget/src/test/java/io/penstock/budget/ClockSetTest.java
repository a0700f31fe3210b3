package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.price.NanoUsd;
import io.penstock.core.rule.Condition;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Without Redis the machine's clock decides on windows, and somebody may set it. */
class ClockSetTest {
  private static final long USD = NanoUsd.USD;
  private static final long HOUR = 3_600_000;

  private final TestTicker ticker =
      new TestTicker(Instant.parse("2026-05-05T12:00:00Z").toEpochMilli());
  private final Budgets budgets = Budgets.embedded(ticker, alert -> {}, List.of());

  private void plan(Window.Every every) {
    budgets.reload(
        BudgetPlan.compile(
            List.of(
                BudgetSpec.of(
                    "org",
                    Condition.ALWAYS,
                    List.of(),
                    Limit.usd(10 * USD),
                    new Window(every, ZoneOffset.UTC))),
            List.of()));
  }

  private Verdict reserve(long usd) {
    return budgets.reserve(TestFacts.user("ann"), Ask.of(usd * USD, 0));
  }

  private void spend(long usd) {
    ((Verdict.Granted) reserve(usd)).reservation().settle(usd * USD, 0);
  }

  private void pass(long millis, long step) {
    for (long passed = 0; passed < millis; passed += step) {
      ticker.advance(step);
      budgets.tick();
    }
  }

  private List<Long> listed() {
    return budgets.states("", 1_000).toCompletableFuture().join().states().stream()
        .map(s -> s.spent() / USD)
        .toList();
  }

  @Test
  void daysAheadForAnHour_thenSetRight_theDayGoesOnWithWhatWasSpent() {
    plan(Window.Every.DAY);
    // Long enough that windows do end and leave.
    pass(30 * HOUR, 60_000);
    spend(9);
    pass(10_000, 1_000);

    ticker.setAhead(72 * HOUR);
    pass(HOUR, 1_000);
    spend(2);
    ticker.setAhead(0);
    pass(120_000, 1_000);

    assertThat(reserve(2)).isInstanceOf(Verdict.Denied.class);
    assertThat(listed()).containsExactlyInAnyOrder(9L, 2L);
  }

  @Test
  void total_aheadByMonthsForAnHour_isNotForgotten() {
    plan(Window.Every.TOTAL);
    pass(30 * HOUR, 60_000);
    spend(9);
    pass(10_000, 1_000);

    ticker.setAhead(90 * 24 * HOUR);
    pass(HOUR, 1_000);

    assertThat(reserve(2)).isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void clockThatIsRight_windowsLeaveADayAfterTheirEnd() {
    plan(Window.Every.HOUR);
    spend(1);
    pass(HOUR, 60_000);
    spend(2);
    pass(24 * HOUR - 60_000, 60_000);
    assertThat(listed()).containsExactlyInAnyOrder(1L, 2L);

    pass(2 * HOUR, 60_000);
    assertThat(listed()).containsExactly(2L);
    pass(HOUR, 60_000);

    assertThat(listed()).isEmpty();
  }
}
