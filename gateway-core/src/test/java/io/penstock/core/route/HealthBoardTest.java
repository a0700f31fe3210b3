package io.penstock.core.route;

import static io.penstock.core.route.FakeTime.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.penstock.core.FailureKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HealthBoardTest {
  private static final String TARGET = "openai/a";

  private final FakeTime time = new FakeTime();
  private final List<String> opened = new ArrayList<>();
  private final HealthBoard board =
      new HealthBoard(time, provider -> HealthBoard.BreakerSetting.DEFAULT, opened::add);

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      board.onFailure(TARGET, FailureKind.SERVER_ERROR, -1);
    }
  }

  @Test
  void breaker_failuresInWindow_opensThenProbesThenCloses() {
    fail(4);
    assertThat(board.tryStart(TARGET)).isTrue();
    fail(1);
    assertThat(board.tryStart(TARGET)).isFalse();

    time.pass(15 * SECOND);
    assertThat(board.tryStart(TARGET)).as("one probe").isTrue();
    assertThat(board.tryStart(TARGET)).as("and only one").isFalse();

    board.onSuccess(TARGET, 10);
    assertThat(board.tryStart(TARGET)).isTrue();
    assertThat(board.isOpen(TARGET)).isFalse();
  }

  @Test
  void breaker_lateSuccessOfBeforeTheOpening_closesNothing_thatOfAnyProbeDoes() {
    long before = time.nanoTime();
    fail(5);
    time.pass(15 * SECOND);
    assertThat(board.tryStart(TARGET)).isTrue();
    long probe = time.nanoTime();
    board.onSuccess(TARGET, 10, before);
    assertThat(board.tryStart(TARGET)).as("the probe has not reported").isFalse();

    time.pass(15 * SECOND);
    assertThat(board.tryStart(TARGET)).as("it takes long").isTrue();
    board.onSuccess(TARGET, 10, probe);
    assertThat(board.isOpen(TARGET)).isFalse();
  }

  @Test
  void breaker_failuresOutOfWindow_staysClosed() {
    for (int i = 0; i < 20; i++) {
      fail(1);
      time.pass(8 * SECOND);
    }
    assertThat(board.tryStart(TARGET)).isTrue();
  }

  @Test
  void breaker_probeFails_opensAgain() {
    fail(5);
    time.pass(15 * SECOND);
    assertThat(board.tryStart(TARGET)).isTrue();
    fail(1);
    assertThat(opened)
        .as("told when it opens, not each time it opens again")
        .containsExactly(TARGET);
    time.pass(14 * SECOND);
    assertThat(board.tryStart(TARGET)).isFalse();
    time.pass(SECOND);
    assertThat(board.tryStart(TARGET)).isTrue();
  }

  @Test
  void breaker_lostOrAbandonedProbe_doesNotBlockForGood() {
    fail(5);
    time.pass(15 * SECOND);
    assertThat(board.tryStart(TARGET)).isTrue();
    board.onAbandoned(TARGET);
    assertThat(board.tryStart(TARGET)).as("abandoned: the next one probes").isTrue();
    time.pass(15 * SECOND);
    assertThat(board.tryStart(TARGET)).as("never reported: given up").isTrue();
  }

  @Test
  void breaker_outageUnderLoad_reachesNoMoreThanThresholdAndInFlight() {
    int reached = 0;
    int inFlight = 50; // answers come 50 requests late
    for (int i = 0; i < 10_000; i++) {
      boolean started = board.tryStart(TARGET);
      reached += started ? 1 : 0;
      if (i >= inFlight && i - inFlight < reached) {
        fail(1);
      }
      time.pass(SECOND / 1000);
    }
    assertThat(reached).isLessThanOrEqualTo(5 + inFlight);
  }

  @Test
  void onFailure_causedByClientOrByTheGateway_neverOpens() {
    for (int i = 0; i < 50; i++) {
      board.onFailure(TARGET, FailureKind.TOO_LARGE, -1);
      board.onFailure(TARGET, FailureKind.NO_SOCKET, -1);
      board.onFailure(TARGET, FailureKind.NO_BUFFER, -1);
      board.onFailure(TARGET, FailureKind.UNTRANSLATABLE, -1);
      board.onFailure(TARGET, FailureKind.BAD_REQUEST, -1);
      board.onFailure(TARGET, FailureKind.CONTEXT_LENGTH, -1);
    }
    assertThat(board.tryStart(TARGET)).isTrue();
  }

  @Test
  void onFailure_rateLimited_coolsDownAsLongAsAsked() {
    board.onFailure(TARGET, FailureKind.RATE_LIMITED, 3000);
    assertThat(board.unavailable(TARGET)).isEqualTo("cooling down");
    time.pass(3 * SECOND);
    assertThat(board.unavailable(TARGET)).isNull();
  }

  @Test
  void onFailure_credentialRefused_restsAMinuteAsTheKeyDoes() {
    board.onFailure(TARGET, FailureKind.CREDENTIALS, -1);
    assertThat(board.unavailable(TARGET)).isEqualTo("cooling down");
    time.pass(60 * SECOND);
    assertThat(board.unavailable(TARGET)).isNull();
  }

  @Test
  void renew_letsCallsTryAtOnce_andKnowsHowFastItWas() {
    board.onFailure(TARGET, FailureKind.CREDENTIALS, -1);
    board.onFirstToken("openai/b", SECOND);
    for (int i = 0; i < 5; i++) {
      board.onFailure("openai/b", FailureKind.SERVER_ERROR, -1);
    }
    board.onFailure("other/c", FailureKind.CREDENTIALS, -1);

    board.renew(name -> name.startsWith("openai/"));

    assertThat(board.unavailable(TARGET)).isNull();
    assertThat(board.unavailable("openai/b")).isNull();
    assertThat(board.firstToken("openai/b")).isEqualTo(SECOND);
    assertThat(board.unavailable("other/c")).isEqualTo("cooling down");
  }

  @Test
  void onFirstToken_peak_countsAtOnceAndFades() {
    board.onFirstToken(TARGET, SECOND / 10);
    board.onFirstToken(TARGET, 2 * SECOND);
    assertThat(board.firstToken(TARGET)).isEqualTo(2 * SECOND);
    time.pass(60 * SECOND);
    board.onFirstToken(TARGET, SECOND / 10);
    assertThat(board.firstToken(TARGET)).isLessThan(SECOND / 8);
  }

  @Test
  void onSilence_isALowerBound_thatAnAnswerEnds_andNoQuantile() {
    for (int i = 0; i < 20; i++) {
      board.onFirstToken(TARGET, SECOND / 10);
    }
    board.onSilence(TARGET, true, 20 * SECOND);
    assertThat(board.speed(TARGET, true)).isEqualTo(20 * SECOND);
    assertThat(board.p95(TARGET, true)).isLessThan(SECOND / 5);
    board.onSilence(TARGET, true, SECOND);
    assertThat(board.speed(TARGET, true)).as("it may be slower").isEqualTo(20 * SECOND);
    board.onSilence(TARGET, false, 2 * SECOND);
    assertThat(board.speed(TARGET, false)).isEqualTo(2 * SECOND);
    time.pass(60 * SECOND);
    board.onFirstToken(TARGET, SECOND / 10);
    assertThat(board.speed(TARGET, true)).isLessThan(SECOND / 5);
  }

  @Test
  void p95_manySamples_nearTheTruth() {
    Random random = new Random(5);
    for (int i = 0; i < 20_000; i++) {
      board.onFirstToken(TARGET, 1 + (long) (random.nextDouble() * SECOND));
    }
    assertThat(board.p95(TARGET, true) / (double) SECOND).isCloseTo(0.95, within(0.12));
  }

  @Test
  void onWhole_doesNotMixWithFirstTokens() {
    board.onFirstToken(TARGET, SECOND / 10);
    board.onWhole(TARGET, 5 * SECOND);
    assertThat(board.speed(TARGET, true)).isEqualTo(SECOND / 10);
    assertThat(board.speed(TARGET, false)).isEqualTo(5 * SECOND);
  }

  @Test
  void p95_ofFewSamples_isNotKnown() {
    for (int i = 0; i < 19; i++) {
      board.onWhole(TARGET, 5 * SECOND);
      board.onFirstToken(TARGET, SECOND);
    }
    assertThat(board.p95(TARGET, false)).isZero();
    board.onWhole(TARGET, 5 * SECOND);
    assertThat(board.p95(TARGET, false) / (double) SECOND).isCloseTo(5, within(0.1));
    assertThat(board.p95(TARGET, true)).isZero();
  }

  @Test
  void onProbe_failures_openTheBreakerWithoutACall() {
    for (int i = 0; i < 5; i++) {
      assertThat(board.isOpen(TARGET)).isFalse();
      board.onProbe(TARGET, false);
    }
    assertThat(board.isOpen(TARGET)).isTrue();
  }

  @Test
  void onProbe_stillDead_keepsCallsAwayBeyondTheOpenTime() {
    for (int i = 0; i < 5; i++) {
      board.onProbe(TARGET, false);
    }
    time.pass(15 * SECOND);
    board.onProbe(TARGET, false);
    assertThat(board.tryStart(TARGET)).isFalse();
  }

  @Test
  void onProbe_aliveAgain_closesOnceTheOpenTimeIsOverAndTheNextFailureOpensAgain() {
    for (int i = 0; i < 5; i++) {
      board.onProbe(TARGET, false);
    }
    board.onProbe(TARGET, true);
    assertThat(board.tryStart(TARGET)).as("its time is not over").isFalse();
    time.pass(15 * SECOND);
    board.onProbe(TARGET, true);
    assertThat(board.isOpen(TARGET)).isFalse();
    board.onFailure(TARGET, FailureKind.SERVER_ERROR, -1);
    assertThat(board.isOpen(TARGET)).isTrue();
  }

  @Test
  void tryAgain_afterTheOwn429_isNotKeptAwayByItsCooldown_butByTheBreaker() {
    board.onFailure(TARGET, FailureKind.RATE_LIMITED, -1);
    assertThat(board.tryStart(TARGET)).as("another call").isFalse();
    assertThat(board.tryAgain(TARGET)).as("the call that has waited").isTrue();
    fail(5);
    assertThat(board.tryAgain(TARGET)).isFalse();
  }

  @Test
  void waitMillis_untilTheCooldownOrTheOpenTimeIsOver() {
    assertThat(board.waitMillis(TARGET)).isZero();
    board.onFailure(TARGET, FailureKind.RATE_LIMITED, 3000);
    assertThat(board.waitMillis(TARGET)).isEqualTo(3000);
    fail(5);
    time.pass(5 * SECOND);
    assertThat(board.waitMillis(TARGET)).isEqualTo(10_000);
    time.pass(10 * SECOND);
    assertThat(board.waitMillis(TARGET)).isZero();
  }

  @Test
  void names_beyondTheBound_shareOneHealthPerProvider_untilOthersAreForgotten() {
    for (int i = 0; i < HealthBoard.MOST; i++) {
      board.onFirstToken("openai/made-up-" + i, SECOND);
    }
    for (int i = 0; i < 5; i++) {
      board.onFailure("other/late-" + i, FailureKind.SERVER_ERROR, -1);
    }
    assertThat(board.isOpen("other/late-9")).isTrue();
    assertThat(opened).as("told as what they share").containsExactly("other/*");
    assertThat(board.isOpen("openai/made-up-1")).isFalse();

    board.retain(name -> name.startsWith("other/"));
    assertThat(board.isOpen("other/late-9")).isFalse();
    assertThat(board.firstToken("openai/made-up-1")).isZero();
  }

  @Test
  void onRemoteOpen_oneFailureOpens_butOnlyWithinTheWindow() {
    board.onRemoteOpen(TARGET);
    assertThat(board.tryStart(TARGET)).as("decided by what is seen here").isTrue();
    time.pass(31 * SECOND);
    fail(1);
    assertThat(board.isOpen(TARGET)).isFalse();
    board.onRemoteOpen(TARGET);
    fail(1);
    assertThat(board.isOpen(TARGET)).isTrue();
    assertThat(opened).containsExactly(TARGET);
  }
}
