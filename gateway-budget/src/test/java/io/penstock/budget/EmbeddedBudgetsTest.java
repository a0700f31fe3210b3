package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.price.NanoUsd;
import io.penstock.core.rule.Condition;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddedBudgetsTest {
  private static final Window DAY = new Window(Window.Every.DAY, ZoneOffset.UTC);
  private static final Window TOTAL = new Window(Window.Every.TOTAL, ZoneOffset.UTC);
  private static final long USD = NanoUsd.USD;

  private final TestTicker ticker =
      new TestTicker(Instant.parse("2026-05-05T12:00:00Z").toEpochMilli());
  private final List<BudgetAlert> alerts = new ArrayList<>();
  private final Budgets budgets = Budgets.embedded(ticker, alerts::add, List.of());

  private static BudgetSpec budget(String name, long limit, String... per) {
    return BudgetSpec.of(name, Condition.ALWAYS, List.of(per), Limit.usd(limit), DAY);
  }

  private static RateSpec rate(long requests, long tokens, long concurrent, String... per) {
    return new RateSpec(
        "r", Condition.ALWAYS, List.of(per), requests, tokens, Duration.ofMinutes(1), concurrent);
  }

  private void plan(BudgetSpec... specs) {
    budgets.reload(BudgetPlan.compile(List.of(specs), List.of()));
  }

  private void rates(RateSpec... specs) {
    budgets.reload(BudgetPlan.compile(List.of(), List.of(specs)));
  }

  private Verdict reserve(String user, long nanos) {
    return budgets.reserve(TestFacts.user(user), Ask.of(nanos, 100));
  }

  private Reservation granted(String user, long nanos) {
    return ((Verdict.Granted) reserve(user, nanos)).reservation();
  }

  @Test
  void reserve_beyondOneOfTwoBudgets_takesNothingFromTheOther() {
    plan(budget("org", 10 * USD), budget("each", 4 * USD, "user"));
    granted("ann", 3 * USD);

    Verdict.Denied denied = (Verdict.Denied) reserve("ann", 2 * USD);

    assertThat(denied.counter().budget()).isEqualTo("each");
    assertThat(denied.affordable()).isEqualTo(USD);
    assertThat(denied.message())
        .isEqualTo(
            "budget each of ann has 1.00 USD left, and this call may cost 2.00 USD: limit 4.00 USD,"
                + " spent 0.00 USD, held 3.00 USD; it resets at 2026-05-06T00:00:00Z");
    assertThat(granted("bob", 4 * USD).remainingNanos()).isZero();
    assertThat(reserve("eve", 3 * USD + 1)).isInstanceOf(Verdict.Denied.class);
    assertThat(reserve("eve", 3 * USD)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void settle_twice_countsOnce() {
    plan(budget("org", 10 * USD));
    Reservation r = granted("ann", 10 * USD);

    List<Charge> charges = r.settle(3 * USD, 50);

    assertThat(charges).hasSize(1);
    assertThat(charges.get(0).amount()).isEqualTo(3 * USD);
    assertThat(charges.get(0).owner()).isEqualTo(budgets.owner());
    assertThat(r.settle(5 * USD, 50)).isEmpty();
    assertThat(reserve("ann", 7 * USD)).isInstanceOf(Verdict.Granted.class);
    assertThat(reserve("ann", 1)).isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void settle_aboveTheHold_isDebtThatBlocksTheNext() {
    plan(budget("org", 10 * USD));
    granted("ann", 2 * USD).settle(12 * USD, 0);

    Verdict.Denied denied = (Verdict.Denied) reserve("ann", 1);

    assertThat(denied.spent()).isEqualTo(12 * USD);
    assertThat(denied.affordable()).isZero();
  }

  @Test
  void reserve_needsNothingOfABudgetThatIsOver_isNotRefusedByIt() {
    BudgetSpec tokens =
        BudgetSpec.of("tokens", Condition.ALWAYS, List.of(), Limit.tokens(1_000), DAY);
    plan(tokens, budget("each", 4 * USD, "user"));
    granted("ann", USD).settle(USD, 1_500);

    // A subject of which this replica has nothing: the store is asked.
    Verdict image = budgets.reserve(TestFacts.user("bob"), Ask.of(USD, 0));
    Verdict dear = budgets.reserve(TestFacts.user("eve"), Ask.of(5 * USD, 0));

    assertThat(image).isInstanceOf(Verdict.Granted.class);
    assertThat(((Verdict.Denied) dear).counter().budget()).isEqualTo("each");
    assertThat(reserve("bob", USD)).isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void settle_afterMidnight_countsInTheWindowOfTheHold() {
    plan(budget("org", 10 * USD));
    Reservation late = granted("ann", 10 * USD);
    ticker.advance(Duration.ofHours(13).toMillis());

    Reservation next = granted("ann", 10 * USD);
    CounterKey charged = late.settle(10 * USD, 0).get(0).counter();

    assertThat(charged.windowEnd()).isEqualTo(next.holds().get(0).counter().windowStart());
    next.cancel();
    assertThat(reserve("ann", 10 * USD)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void extend_whileItFits_growsTheHold_thenIsDenied() {
    plan(budget("org", 10 * USD));
    Reservation r = granted("ann", 2 * USD);

    assertThat(r.extend(3 * USD, 10)).isInstanceOf(Verdict.Granted.class);
    assertThat(r.heldNanos()).isEqualTo(5 * USD);
    assertThat(r.extend(6 * USD, 10)).isInstanceOf(Verdict.Denied.class);
    r.settle(4 * USD, 0);
    assertThat(reserve("ann", 6 * USD)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void warn_overTheLimit_countsAndNeverRefuses() {
    plan(budget("org", USD).withOver(Over.WARN));
    granted("ann", 3 * USD).settle(3 * USD, 0);

    assertThat(reserve("ann", 3 * USD)).isInstanceOf(Verdict.Granted.class);
    assertThat(budgets.used("org", TestFacts.user("ann"))).isEqualTo(6.0);
  }

  @Test
  void use_overTheLimit_isDeniedOnce_thenCountsUpToDenyAt() {
    plan(budget("org", 10 * USD).withOver(new Over.Use("mini", 120)));
    granted("ann", 10 * USD).settle(10 * USD, 0);

    Verdict.Denied denied = (Verdict.Denied) reserve("ann", USD);
    Ask redirected = new Ask(2 * USD, 0, "org", "");
    Verdict first = budgets.reserve(TestFacts.user("ann"), redirected);
    Verdict second = budgets.reserve(TestFacts.user("ann"), redirected);

    assertThat(denied.over()).isEqualTo(new Over.Use("mini", 120));
    assertThat(first).isInstanceOf(Verdict.Granted.class);
    assertThat(second).isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void use_extensionOfARedirectedHold_endsAtDenyAt() {
    plan(budget("org", 10 * USD).withOver(new Over.Use("mini", 120)));
    granted("ann", 9 * USD).settle(9 * USD, 0);
    Reservation stream = redirected(USD + USD / 2);

    assertThat(stream.extend(USD, 10)).isInstanceOf(Verdict.Granted.class);
    Verdict.Denied denied = (Verdict.Denied) stream.extend(USD, 10);

    assertThat(stream.heldNanos()).isEqualTo(2 * USD + USD / 2);
    assertThat(denied.affordable()).isEqualTo(USD / 2);
    assertThat(stream.extend(denied.affordable(), 0)).isInstanceOf(Verdict.Granted.class);
    assertThat(stream.extend(1, 0)).isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void warn_extension_neverRefuses() {
    plan(budget("org", USD).withOver(Over.WARN));

    assertThat(granted("ann", 3 * USD).extend(3 * USD, 10)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void use_withoutDenyAt_extensionsOfARedirectedHoldAreAllGranted() {
    plan(budget("org", USD).withOver(new Over.Use("mini", 0)));

    assertThat(redirected(3 * USD).extend(3 * USD, 10)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void use_refusedOnTheRedirectedPass_affordsWhatIsLeftUpToDenyAt() {
    plan(budget("org", 10 * USD).withOver(new Over.Use("mini", 150)));
    granted("ann", 8 * USD).settle(8 * USD, 0);

    Ask ask = new Ask(8 * USD, 0, "org", "");
    Verdict.Denied denied = (Verdict.Denied) budgets.reserve(TestFacts.user("ann"), ask);

    assertThat(denied.affordable()).isEqualTo(7 * USD);
    assertThat(redirected(7 * USD).heldNanos()).isEqualTo(7 * USD);
    assertThat(((Verdict.Denied) reserve("ann", 8 * USD)).affordable()).isZero();
  }

  private Reservation redirected(long nanos) {
    Ask ask = new Ask(nanos, 0, "org", "");
    Verdict verdict = budgets.reserve(TestFacts.user("ann"), ask);
    return ((Verdict.Granted) verdict).reservation();
  }

  @Test
  void use_theSeventiethOfManyBudgets_isCountedUpToDenyAt() {
    BudgetSpec[] many =
        IntStream.range(0, 70).mapToObj(i -> budget("b" + i, 100 * USD)).toArray(BudgetSpec[]::new);
    many[69] = budget("org", 10 * USD).withOver(new Over.Use("mini", 120));
    plan(many);
    granted("ann", 10 * USD).settle(10 * USD, 0);

    Reservation stream = redirected(USD);

    assertThat(stream.extend(USD, 0)).isInstanceOf(Verdict.Granted.class);
    assertThat(stream.extend(1, 0)).isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void remaining_isOfTheBudgetsThatMayRefuse() {
    plan(
        budget("told", USD).withOver(Over.WARN),
        budget("org", 2 * USD).withOver(new Over.Use("mini", 150)),
        budget("hard", 100 * USD));

    assertThat(granted("ann", USD).remainingNanos()).isEqualTo(99 * USD);
    assertThat(redirected(USD + USD / 2).remainingNanos()).isEqualTo(USD / 2);
    plan(budget("org", 2 * USD).withOver(new Over.Use("mini", 0)));
    assertThat(redirected(USD).remainingNanos()).isEqualTo(Long.MAX_VALUE);
    plan(
        budget("org", 2 * USD).withOver(new Over.Use("mini", 0)),
        budget("next", 50 * USD).withOver(new Over.Use("mini", 0)));
    assertThat(redirected(USD).remainingNanos()).as("a second one refuses").isEqualTo(49 * USD);
  }

  @Test
  void tokens_budget_countsTokens() {
    budgets.reload(
        BudgetPlan.compile(
            List.of(BudgetSpec.of("t", Condition.ALWAYS, List.of(), Limit.tokens(150), TOTAL)),
            List.of()));

    Reservation first = granted("ann", USD);

    assertThat(reserve("ann", USD)).isInstanceOf(Verdict.Denied.class);
    first.settle(USD, 50);
    assertThat(reserve("ann", USD)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void targetBudget_refusing_saysThatAnotherTargetMayPass() {
    BudgetSpec capped =
        BudgetSpec.of(
            "cap",
            TestFacts.when(f -> f.target().equals("openai/gpt"), "target"),
            List.of(),
            Limit.usd(0),
            DAY);
    plan(capped);

    Verdict denied =
        budgets.reserve(TestFacts.user("ann").with("target", "openai/gpt"), Ask.of(1, 1));

    assertThat(((Verdict.Denied) denied).targetBound()).isTrue();
    assertThat(budgets.reserve(TestFacts.user("ann").with("target", "b/c"), Ask.of(1, 1)))
        .isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void reload_loweredBelowSpent_refusesAtOnce_raisedAllowsAgain() {
    plan(budget("org", 10 * USD));
    Reservation open = granted("ann", 6 * USD);
    plan(budget("org", 5 * USD));

    assertThat(reserve("ann", 1)).isInstanceOf(Verdict.Denied.class);
    open.settle(6 * USD, 0);
    assertThat(reserve("ann", 1)).isInstanceOf(Verdict.Denied.class);
    plan(budget("org", 7 * USD));
    assertThat(reserve("ann", USD)).isInstanceOf(Verdict.Granted.class);
    assertThat(reserve("ann", 1)).isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void reload_budgetRemovedOrWindowChanged_openHoldsSettleWhereTheyWereTaken() {
    plan(budget("org", 10 * USD));
    Reservation open = granted("ann", 10 * USD);
    plan(BudgetSpec.of("org", Condition.ALWAYS, List.of(), Limit.usd(10 * USD), TOTAL));

    Reservation other = granted("ann", 10 * USD);
    plan();

    assertThat(open.settle(USD, 0).get(0).counter().windowEnd()).isNotEqualTo(Long.MAX_VALUE);
    assertThat(other.settle(USD, 0).get(0).counter().windowEnd()).isEqualTo(Long.MAX_VALUE);
    plan(budget("org", 10 * USD));
    assertThat(reserve("ann", 9 * USD)).isInstanceOf(Verdict.Granted.class);
    assertThat(reserve("ann", 1)).isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void reload_budgetGoneAndBackWithLess_hasTheNewLimit() {
    plan(budget("org", 10 * USD));
    granted("ann", 4 * USD).settle(4 * USD, 0);
    plan();
    plan(budget("org", 5 * USD));

    assertThat(reserve("ann", USD + 1)).isInstanceOf(Verdict.Denied.class);
    assertThat(reserve("ann", USD)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void subject_absent_isOneCounterForAll() {
    plan(budget("projects", 10 * USD, "metadata.project"));
    granted("ann", 9 * USD);

    Verdict.Denied denied = (Verdict.Denied) reserve("bob", 2 * USD);

    assertThat(denied.counter().subject()).isEqualTo("(none)");
    assertThat(
            budgets.reserve(
                TestFacts.user("bob").with("metadata.project", "x"), Ask.of(2 * USD, 0)))
        .isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void bound_beyondAllMoney_isRefusedByName() {
    assertThatThrownBy(() -> Ask.of(Ask.MOST + 1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("100000000000000001 nano-USD");
  }

  @Test
  void requestRate_usedUp_isRateLimited_slides_andCancelGivesBack() {
    rates(rate(10, 0, 0, "key"));
    for (int i = 0; i < 9; i++) {
      assertThat(budgets.admit(TestFacts.user("ann"))).isInstanceOf(Verdict.Granted.class);
    }
    Reservation last = ((Verdict.Granted) budgets.admit(TestFacts.user("ann"))).reservation();

    Verdict.RateLimited limited = (Verdict.RateLimited) budgets.admit(TestFacts.user("ann"));
    last.cancel();

    assertThat(limited.rate().limit()).isEqualTo(10);
    assertThat(limited.rate().remaining()).isZero();
    assertThat(limited.retryAfterMillis()).isBetween(60_000L, 66_001L);
    assertThat(budgets.admit(TestFacts.user("ann"))).isInstanceOf(Verdict.Granted.class);
    assertThat(budgets.admit(TestFacts.user("bob"))).isInstanceOf(Verdict.Granted.class);
    ticker.advance(limited.retryAfterMillis());
    assertThat(budgets.admit(TestFacts.user("ann"))).isInstanceOf(Verdict.Granted.class);
    assertThat(budgets.admit(TestFacts.user("ann"))).isInstanceOf(Verdict.RateLimited.class);
  }

  @Test
  void tokenRate_takenAtTheEstimate_isCorrected_andDebtCounts() {
    rates(rate(0, 250, 0));
    Reservation first = granted("ann", 0);
    Reservation second = granted("ann", 0);

    assertThat(reserve("ann", 0)).isInstanceOf(Verdict.RateLimited.class);
    first.settle(0, 10);
    assertThat(reserve("ann", 0)).isInstanceOf(Verdict.Granted.class);
    second.settle(0, 500);
    assertThat(reserve("ann", 0)).isInstanceOf(Verdict.RateLimited.class);
    assertThat(first.rates().get(0).remaining()).isZero();
  }

  @Test
  void concurrency_usedUp_isLimited_untilOneEnds() {
    rates(rate(0, 0, 2, "user"));
    Reservation one = granted("ann", 0);
    granted("ann", 0);

    assertThat(reserve("ann", 0)).isInstanceOf(Verdict.ConcurrencyLimited.class);
    assertThat(reserve("bob", 0)).isInstanceOf(Verdict.Granted.class);
    assertThat(one.holds()).isEmpty();
    assertThat(one.settle(0, 0)).isEmpty();
    assertThat(reserve("ann", 0)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void alerts_thresholdPassed_oncePerWindow_withPace() {
    plan(budget("org", 10 * USD).withAlerts(List.of(50, 100)));
    granted("ann", 6 * USD).settle(6 * USD, 0);
    for (int i = 0; i < 5; i++) {
      ticker.advance(3_000);
      budgets.tick();
    }

    assertThat(alerts).hasSize(1);
    BudgetAlert alert = alerts.get(0);
    assertThat(alert.percent()).isEqualTo(50);
    assertThat(alert.spent()).isEqualTo(6 * USD);
    assertThat(alert.perHour()).isBetween(USD / 2 - 1_000_000, USD / 2);
    assertThat(Instant.ofEpochMilli(alert.endsAtMillis()))
        .isBetween(Instant.parse("2026-05-05T19:55:00Z"), Instant.parse("2026-05-05T20:05:00Z"));
  }

  @Test
  void alerts_ofAWarningBudget_areToldThoughNobodyCallsAnyMore() {
    plan(budget("org", 10 * USD).withOver(Over.WARN).withAlerts(List.of(50, 100)));
    for (int i = 0; i < 12; i++) {
      granted("ann", 2 * USD).settle(2 * USD, 0);
      ticker.advance(20);
    }
    for (int i = 0; i < 60; i++) {
      ticker.advance(250);
      budgets.tick();
    }

    assertThat(alerts).extracting(BudgetAlert::percent).containsExactly(50, 100);
  }

  @Test
  void alerts_thresholdsChange_eachIsRaisedOnce() {
    plan(budget("org", 10 * USD).withAlerts(List.of(50, 90)));
    spendAndTell(6 * USD);
    plan(budget("org", 10 * USD).withAlerts(List.of(70, 50, 90)));
    spendAndTell(2 * USD);
    plan(budget("org", 10 * USD).withAlerts(List.of(90, 70)));
    spendAndTell(USD);

    assertThat(alerts).extracting(BudgetAlert::percent).containsExactly(50, 70, 90);
  }

  @Test
  void alerts_limitRaised_eachIsRaisedAgainAtItsShareOfTheNewLimit() {
    plan(budget("org", 10 * USD).withAlerts(List.of(50, 80)));
    spendAndTell(9 * USD);
    plan(budget("org", 20 * USD).withAlerts(List.of(50, 80)));
    spendAndTell(USD / 2);
    assertThat(alerts).extracting(BudgetAlert::percent).containsExactly(50, 80);

    spendAndTell(USD / 2);
    spendAndTell(6 * USD);
    plan(budget("org", 10 * USD).withAlerts(List.of(50, 80)));
    spendAndTell(0);

    assertThat(alerts).extracting(BudgetAlert::percent).containsExactly(50, 80, 50, 80);
    assertThat(alerts)
        .extracting(a -> a.limit().amount() / USD)
        .containsExactly(10L, 10L, 20L, 20L);
    assertThat(alerts).extracting(BudgetAlert::id).doesNotHaveDuplicates();
  }

  @Test
  void alerts_limitChangedToOneAlreadyPassed_areRaisedAtOnce_whileInUse() {
    plan(budget("org", 10 * USD).withAlerts(List.of(80)));
    spendAndTell(9 * USD);
    for (long usd : new long[] {11, 9}) {
      plan(budget("org", usd * USD).withAlerts(List.of(80)));
    }

    assertThat(alerts).extracting(a -> a.limit().amount() / USD).containsExactly(10L, 11L, 9L);
  }

  @Test
  void alerts_budgetGivenBack_areRaisedAgain_whereItHadComeBelow() {
    plan(budget("org", 10 * USD).withAlerts(List.of(50, 80)));
    CounterKey org = spendAndTell(9 * USD);
    budgets.ledgerChanged(List.of(new LedgerPart(org, 2, -2 * USD)));
    spendAndTell(USD / 2);
    assertThat(alerts).extracting(BudgetAlert::percent).containsExactly(50, 80);

    spendAndTell(USD / 2);

    assertThat(alerts).extracting(BudgetAlert::percent).containsExactly(50, 80, 80);
    assertThat(alerts).extracting(BudgetAlert::id).doesNotHaveDuplicates();
  }

  private CounterKey spendAndTell(long nanos) {
    List<Charge> charges = granted("ann", nanos).settle(nanos, 0);
    for (int i = 0; i < 2; i++) {
      ticker.advance(3_000);
      budgets.tick();
    }
    return charges.getFirst().counter();
  }

  @Test
  void warn_theSeventiethOfManyBudgets_neverRefuses() {
    plan(
        IntStream.range(0, 70)
            .mapToObj(i -> budget("b" + i, USD).withOver(Over.WARN))
            .toArray(BudgetSpec[]::new));

    granted("ann", 3 * USD).settle(3 * USD, 0);

    assertThat(reserve("ann", 3 * USD)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void restart_ledgerSums_areSpent_andTopUpAndResetMoveThem() {
    plan(budget("org", 10 * USD));
    CounterKey key = granted("ann", 10 * USD).settle(9 * USD, 0).get(0).counter();

    try (Budgets next =
        Budgets.embedded(ticker, BudgetListener.NONE, List.of(new LedgerPart(key, 1, 9 * USD)))) {
      next.reload(BudgetPlan.compile(List.of(budget("org", 10 * USD)), List.of()));
      TestFacts ann = TestFacts.user("ann");

      assertThat(next.reserve(ann, Ask.of(2 * USD, 0))).isInstanceOf(Verdict.Denied.class);
      next.ledgerChanged(List.of(new LedgerPart(key, 2, 4 * USD)));
      assertThat(next.reserve(ann, Ask.of(6 * USD, 0))).isInstanceOf(Verdict.Granted.class);
      next.ledgerChanged(List.of(new LedgerPart(key, 1, 0)));
      assertThat(next.reserve(ann, Ask.of(1, 0))).isInstanceOf(Verdict.Denied.class);
      assertThat(next.counter("org", -1, "")).isEqualTo(key);
      assertThat(next.counter("org", 3, "")).isNull();
    }
  }

  @Test
  void idleCounters_leaveMemory_andComeBackExactly() {
    plan(budget("each", 10 * USD, "user"));
    for (int i = 0; i < 1000; i++) {
      granted("u" + i, 2 * USD).settle(USD, 0);
    }
    for (int i = 0; i < 40; i++) {
      ticker.advance(5_000);
      budgets.tick();
    }

    assertThat(budgets.resident()).isZero();
    assertThat(reserve("u7", 9 * USD + 1)).isInstanceOf(Verdict.Denied.class);
    assertThat(reserve("u7", 9 * USD)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void total_idleFor30Days_isForgotten_notWhileItIsUsedOrHeld() {
    plan(BudgetSpec.of("session", Condition.ALWAYS, List.of("user"), Limit.usd(10 * USD), TOTAL));
    granted("ann", 9 * USD).settle(9 * USD, 0);
    granted("bob", 9 * USD).settle(8 * USD, 0);
    Reservation held = granted("eve", 9 * USD);

    days(20);
    granted("bob", USD).settle(USD, 0);
    days(20);

    assertThat(reserve("bob", 2 * USD)).isInstanceOf(Verdict.Denied.class);
    assertThat(reserve("eve", 2 * USD)).isInstanceOf(Verdict.Denied.class);
    assertThat(reserve("ann", 10 * USD)).isInstanceOf(Verdict.Granted.class);
    held.settle(9 * USD, 0);
    assertThat(reserve("eve", 2 * USD)).isInstanceOf(Verdict.Denied.class);
  }

  private void days(int count) {
    for (int i = 0; i < count * 24; i++) {
      ticker.advance(3_600_000);
      budgets.tick();
    }
  }

  @Test
  void states_showWhatCallsHold_notWhatWasGranted() {
    plan(budget("org", 10 * USD));
    Reservation hold = granted("ann", 3 * USD);

    assertThat(onlyState().held()).isEqualTo(3 * USD);
    assertThat(onlyState().spent()).isZero();
    hold.settle(2 * USD, 0);
    assertThat(onlyState().held()).isZero();
    assertThat(onlyState().spent()).isEqualTo(2 * USD);
  }

  private BudgetState onlyState() {
    return budgets.states("", 10).toCompletableFuture().join().states().get(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc", "-1", "1.5", "18446744073709551616"})
  void states_cursorThatNoPageGave_isRefusedForWhatItIs(String cursor) {
    assertThatThrownBy(() -> budgets.states(cursor, 10))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cursor: " + cursor + " (expected: the next of the page before");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "99999999999", "18446744073709551615"})
  void states_cursorBehindTheLast_isTheEnd(String cursor) {
    plan(budget("each", 10 * USD, "user"));
    granted("ann", USD).settle(USD, 0);
    BudgetPage page = budgets.states(cursor, 10).toCompletableFuture().join();
    assertThat(page.states()).isEmpty();
    assertThat(page.next()).isEmpty();
  }

  @Test
  void states_paged_listsEverySubjectOnce() {
    plan(budget("each", 10 * USD, "user"));
    for (int i = 0; i < 250; i++) {
      granted("u" + i, 2 * USD).settle(USD, 0);
    }
    List<UUID> seen = new ArrayList<>();
    String cursor = "";
    do {
      BudgetPage page = budgets.states(cursor, 100).toCompletableFuture().join();
      page.states().forEach(s -> seen.add(s.counter().id()));
      assertThat(page.states()).allMatch(s -> s.limit() == 10 * USD);
      cursor = page.next();
    } while (!cursor.isEmpty());

    assertThat(seen).hasSize(250).doesNotHaveDuplicates();
  }
}
