package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.budget.Request.Answer;
import io.penstock.budget.Request.Answer.Taken;
import io.penstock.core.Ticker;
import io.penstock.core.rule.Condition;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
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
  void extension_takesNothing_theEndCorrectsThePresentWindow() {
    TestTicker ticker = new TestTicker(NOON);
    try (Budgets budgets = Budgets.embedded(ticker, BudgetListener.NONE, List.of())) {
      budgets.reload(plan(0, 1_000));
      Reservation stream = granted(reserve(budgets, 100));
      ticker.advance(5 * MINUTE);

      assertThat(stream.extend(0, 5_000)).isInstanceOf(Verdict.Granted.class);

      assertThat(granted(reserve(budgets, 100)).rates().get(0).remaining()).isEqualTo(900);
      stream.settle(0, 900);
      assertThat(reserve(budgets, 100)).isInstanceOf(Verdict.Granted.class);
      assertThat(reserve(budgets, 1)).isInstanceOf(Verdict.RateLimited.class);
    }
  }

  private static Verdict reserve(Budgets budgets, long bound, long likely) {
    return budgets.reserve(TestFacts.user("ann"), new Ask(0, bound, likely, "", ""));
  }

  @Test
  void tokenRate_takesTheEstimate_andTheBudgetTheBound() {
    TestTicker ticker = new TestTicker(NOON);
    BudgetSpec tokens =
        new BudgetSpec(
            "b",
            Condition.ALWAYS,
            List.of(),
            Limit.tokens(20_000),
            new Window(Window.Every.TOTAL, ZoneOffset.UTC),
            List.of(),
            List.of(),
            Over.DENY,
            "");
    try (Budgets budgets = Budgets.embedded(ticker, BudgetListener.NONE, List.of())) {
      budgets.reload(BudgetPlan.compile(List.of(tokens), plan(0, 1_000).rates()));

      Reservation first = granted(reserve(budgets, 15_000, 100));

      assertThat(first.rates().get(0).remaining()).isEqualTo(900);
      assertThat(first.heldTokens()).isEqualTo(15_000);
      Verdict.Denied denied = (Verdict.Denied) reserve(budgets, 6_000, 100);
      assertThat(denied.affordable()).isEqualTo(5_000);
      assertThat(granted(reserve(budgets, 5_000, 100)).rates().get(0).remaining()).isEqualTo(800);
      first.settle(0, 1_200);
      assertThat(reserve(budgets, 1, 1)).isInstanceOf(Verdict.RateLimited.class);
    }
  }

  @Test
  void needAboveTheLimit_takesAllOfIt_whenTheWindowIsEmpty_aloneAndShared() {
    TestTicker ticker = new TestTicker(NOON);
    SharedStore store = new SharedStore(ticker);
    try (Budgets shared = store.open(Outage.SHARE, plan(0, 1_000));
        Budgets alone = Budgets.embedded(ticker, BudgetListener.NONE, List.of())) {
      alone.reload(plan(0, 1_000));
      store.awaitReady();
      for (Budgets budgets : List.of(shared, alone)) {
        granted(reserve(budgets, 100)).settle(0, 100);
        Verdict.RateLimited refused = (Verdict.RateLimited) reserve(budgets, 128_000);
        assertThat(refused.need()).isEqualTo(1_000);
        assertThat(refused.message()).contains("this call takes 1000");
        assertThat(refused.retryAfterMillis()).isLessThanOrEqualTo(2 * MINUTE);
      }
      // Who tries again and again is not kept waiting by what is asked for ahead of him.
      for (int i = 0; i < 13 && !(reserve(shared, 128_000) instanceof Verdict.Granted); i++) {
        store.advance(10_000);
      }
      for (Budgets budgets : List.of(shared, alone)) {
        store.advance(2 * MINUTE);
        Reservation whole = granted(reserve(budgets, 128_000));
        assertThat(reserve(budgets, 1)).isInstanceOf(Verdict.RateLimited.class);
        whole.settle(0, 300);
        assertThat(reserve(budgets, 600)).isInstanceOf(Verdict.Granted.class);
      }
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

  /** Counts what it is asked. */
  private static final class CountedStore implements BudgetStore {
    private final BudgetStore store;
    private long asked;

    CountedStore(BudgetStore store) {
      this.store = store;
    }

    @Override
    public void start(Driver driver) {
      store.start(driver);
    }

    @Override
    public @Nullable Answer send(Request request) {
      asked++;
      return store.send(request);
    }

    @Override
    public CompletionStage<Long> spent(CounterKey key) {
      return store.spent(key);
    }

    @Override
    public CompletionStage<BudgetPage> page(String cursor, int most) {
      return store.page(cursor, most);
    }

    @Override
    public void close() {
      store.close();
    }
  }

  private static WholeRate whole(long tokens) {
    return new WholeRate(plan(0, tokens).rates().get(0), "", true);
  }

  @Test
  void alone_farFromLimits_theStoreIsNotAsked() {
    TestTicker ticker = new TestTicker(NOON);
    CountedStore store = new CountedStore(new EmbeddedStore(ticker, List.of()));
    try (Budgets budgets =
        new Budgets(ticker, Settings.embedded(), BudgetListener.NONE, NoFeed.INSTANCE, store)) {
      budgets.reload(
          BudgetPlan.compile(
              List.of(),
              List.of(
                  new RateSpec(
                      "r",
                      Condition.ALWAYS,
                      List.of("user"),
                      1_000,
                      1_000_000,
                      Duration.ofMillis(MINUTE),
                      10))));
      // A permit is asked for once: all of them are granted.
      granted(reserve(budgets, 1)).settle(0, 1);
      long before = store.asked;

      for (int i = 0; i < 100; i++) {
        Reservation admitted = granted(budgets.admit(TestFacts.user("ann")));
        granted(reserve(budgets, 1_000)).settle(0, 300);
        admitted.settle(0, 0);
      }

      assertThat(store.asked).isEqualTo(before);
    }
  }

  @Test
  void lateCall_takesOfThePresentWindow_andForgetsNothingOfTheLast() {
    WholeRate rate = whole(10);
    assertThat(rate.take(10, NOON - 1)).isTrue();
    assertThat(rate.take(1, NOON + 1)).isFalse();

    assertThat(rate.take(1, NOON - 1)).isFalse();

    assertThat(rate.take(1, NOON + 2)).isFalse();
    assertThat(rate.retryMillis(1, NOON + 2)).isBetween(5_000L, 6_000L);
    assertThat(rate.take(1, NOON + 6_002)).isTrue();
  }

  @Test
  void estimateCorrected_inTheNextWindow_noLongerWeighsThere() {
    WholeRate rate = whole(100);
    assertThat(rate.take(100, NOON - 1)).isTrue();

    rate.give(90, NOON - 1, NOON + 1);

    assertThat(rate.take(90, NOON + 1)).isTrue();
    assertThat(rate.take(1, NOON + 1)).isFalse();
  }

  @Test
  void clockOfARateSetBackByHours_countsInTheWindowThatItShows() {
    WholeRate rate = whole(10);
    assertThat(rate.take(10, NOON)).isTrue();
    long before = NOON - 180 * MINUTE;

    assertThat(rate.take(10, before)).isFalse();

    assertThat(rate.take(10, before + rate.retryMillis(10, before))).isTrue();
  }

  @Test
  void debtBeyondTheLimit_isPaidOffInTime_aloneAndShared() {
    TestTicker ticker = new TestTicker(NOON);
    SharedStore store = new SharedStore(ticker);
    try (Budgets shared = store.open(Outage.SHARE, plan(0, 1_000));
        Budgets alone = Budgets.embedded(ticker, BudgetListener.NONE, List.of())) {
      alone.reload(plan(0, 1_000));
      store.awaitReady();
      for (Budgets budgets : List.of(shared, alone)) {
        granted(reserve(budgets, 100)).settle(0, 2_500);
        assertThat(reserve(budgets, 100)).isInstanceOf(Verdict.RateLimited.class);
      }
      long minutes = 0;
      while (!(reserve(shared, 100) instanceof Verdict.Granted)) {
        assertThat(minutes++).as("minutes").isLessThan(10);
        store.advance(MINUTE);
      }
      // Three limits, of which each weighs in the window after its own too.
      assertThat(minutes).isGreaterThanOrEqualTo(3);
      assertThat(reserve(alone, 100)).isInstanceOf(Verdict.Granted.class);
    }
  }

  @Test
  void clockSetBackByHours_countsInTheWindowThatItShows() {
    SlidingRate rate = new SlidingRate();
    Request.Take ten = new Request.Take(new UUID(0, 1), MINUTE, 10, 10, 0);
    assertThat(rate.take(ten, NOON, 1).granted()).isEqualTo(10);
    long before = NOON - 180 * MINUTE;

    Taken refused = rate.take(ten, before, 1);

    assertThat(refused.granted()).isZero();
    assertThat(rate.take(ten, before + refused.retryMillis(), 1).granted()).isEqualTo(10);
  }

  /** Who waits until the reset that a refusal names has all of the limit, alone and shared. */
  @Test
  void reset_ofARateThatIsUsedUp_isWhenNothingCountsAnyMore() {
    TestTicker ticker = new TestTicker(NOON);
    SharedStore store = new SharedStore(ticker);
    try (Budgets shared = store.open(Outage.SHARE, plan(5, 0));
        Budgets alone = Budgets.embedded(ticker, BudgetListener.NONE, List.of())) {
      alone.reload(plan(5, 0));
      store.awaitReady();
      store.advance(MINUTE / 4);
      for (Budgets budgets : List.of(shared, alone)) {
        for (int i = 0; i < 5; i++) {
          granted(budgets.admit(TestFacts.user("ann")));
        }
      }
      Verdict.RateLimited first = refused(shared);
      Verdict.RateLimited second = refused(alone);
      long end = (Math.floorDiv(ticker.epochMillis(), MINUTE) + 2) * MINUTE;
      for (Verdict.RateLimited limited : List.of(first, second)) {
        assertThat(limited.rate().remaining()).isZero();
        assertThat(limited.rate().resetAt()).isEqualTo(end);
        assertThat(limited.retryAfterMillis())
            .isLessThanOrEqualTo(limited.rate().resetAt() - ticker.epochMillis());
      }
      store.advance(end - ticker.epochMillis());
      for (Budgets budgets : List.of(shared, alone)) {
        Reservation one = granted(budgets.admit(TestFacts.user("ann")));
        assertThat(one.rates().get(0).remaining()).isEqualTo(4);
        for (int i = 0; i < 4; i++) {
          granted(budgets.admit(TestFacts.user("ann")));
        }
      }
    }
  }

  @Test
  void reset_ofARateThatNobodyUses_isNow() {
    WholeRate rate = whole(5);
    assertThat(rate.state(NOON).resetAt()).isEqualTo(NOON);
    assertThat(rate.take(1, NOON)).isTrue();
    assertThat(rate.state(NOON + MINUTE).resetAt()).isEqualTo(NOON + 2 * MINUTE);
    assertThat(rate.state(NOON + 2 * MINUTE).resetAt()).isEqualTo(NOON + 2 * MINUTE);
  }

  private static Verdict.RateLimited refused(Budgets budgets) {
    return (Verdict.RateLimited) budgets.admit(TestFacts.user("ann"));
  }
}
