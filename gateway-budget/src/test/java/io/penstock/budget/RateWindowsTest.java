package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.budget.Request.Answer.Taken;
import io.penstock.core.Ticker;
import io.penstock.core.rule.Condition;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Rates where the moment of a call and the present one are not in one window. */
class RateWindowsTest {
  private static final long MINUTE = 60_000;
  private static final long NOON = 1_700_006_400_000L;

  private static BudgetPlan plan(long requests, long tokens) {
    return BudgetPlan.compile(
        List.of(),
        List.of(
            new RateSpec(
                "r", Condition.ALWAYS, List.of(), requests, tokens, Duration.ofMillis(MINUTE), 0)));
  }

  private static Verdict reserve(Budgets budgets, long tokens) {
    return budgets.reserve(TestFacts.user("ann"), Ask.of(0, tokens));
  }

  private static Reservation granted(Verdict verdict) {
    return ((Verdict.Granted) verdict).reservation();
  }

  /** Time passes with each look at it. */
  private static final class Hurried implements Ticker {
    private long millis = NOON;
    private long step;

    @Override
    public long nanoTime() {
      long now = millis;
      millis += step;
      return now * 1_000_000;
    }

    @Override
    public long epochMillis() {
      return millis;
    }
  }

  @Test
  void windowEndsWhileTheStoreIsAsked_takesOneRequestOfTheNext() {
    Hurried ticker = new Hurried();
    try (Budgets budgets = Budgets.embedded(ticker, BudgetListener.NONE, List.of())) {
      budgets.reload(plan(5, 0));
      ticker.millis = NOON + MINUTE - 1;
      ticker.step = 1;

      for (int i = 0; i < 5; i++) {
        assertThat(budgets.admit(TestFacts.user("ann"))).isInstanceOf(Verdict.Granted.class);
      }
      assertThat(budgets.admit(TestFacts.user("ann"))).isInstanceOf(Verdict.RateLimited.class);
    }
  }

  @Test
  void extension_manyWindowsLater_takesOfThePresentOne_andNotMore() {
    TestTicker ticker = new TestTicker(NOON);
    try (Budgets budgets = Budgets.embedded(ticker, BudgetListener.NONE, List.of())) {
      budgets.reload(plan(0, 1_000));
      Reservation stream = granted(reserve(budgets, 100));
      ticker.advance(5 * MINUTE);

      assertThat(stream.extend(0, 200)).isInstanceOf(Verdict.Granted.class);

      assertThat(granted(reserve(budgets, 100)).rates().get(0).remaining()).isEqualTo(700);
      assertThat(reserve(budgets, 700)).isInstanceOf(Verdict.Granted.class);
      assertThat(reserve(budgets, 1)).isInstanceOf(Verdict.RateLimited.class);
    }
  }

  @Test
  void letThroughInAnOutage_givesNothingBack_forItTookNothing() {
    TestTicker ticker = new TestTicker(NOON);
    SharedStore store = new SharedStore(ticker);
    Budgets budgets = store.open(Outage.ALLOW, plan(0, 1_000));
    store.awaitReady();
    store.pause();
    store.giveUp();
    Verdict.Pending away = (Verdict.Pending) reserve(budgets, 900);
    store.advance(300);
    granted(away.stage().toCompletableFuture().join()).settle(0, 0);

    assertThat(reserve(budgets, 900)).isInstanceOf(Verdict.Pending.class);
  }

  @Test
  void clockSetBackByHours_countsInTheWindowThatItShows() {
    SlidingRate rate = new SlidingRate();
    Request.Take ten = new Request.Take(new UUID(0, 1), MINUTE, 10, 10, 0);
    assertThat(rate.take(ten, NOON, 0).granted()).isEqualTo(10);
    long before = NOON - 180 * MINUTE;

    Taken refused = rate.take(ten, before, 0);

    assertThat(refused.granted()).isZero();
    assertThat(rate.take(ten, before + refused.retryMillis(), 0).granted()).isEqualTo(10);
  }
}
