package io.penstock.core.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.FailureKind;
import io.penstock.core.route.AttemptPolicy.Decision;
import io.penstock.core.route.AttemptPolicy.Failed;
import io.penstock.core.route.AttemptPolicy.GiveUp;
import io.penstock.core.route.AttemptPolicy.Next;
import io.penstock.core.route.AttemptPolicy.Retry;
import io.penstock.core.route.AttemptPolicy.Standing;
import io.penstock.core.route.RouteOptions.Resume;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttemptPolicyTest {
  private final Random random = new Random(1);
  private ShareBudget budget = new ShareBudget(0.1, 1000);

  private Decision decide(Failed failed, Standing standing, Resume resume) {
    return AttemptPolicy.DEFAULT.decide(
        failed, standing, RouteOptions.DEFAULT, resume, budget, random);
  }

  private static Standing standing(int retries, boolean next) {
    return new Standing(retries, false, next, false, false, 60_000);
  }

  /** Kind, status, retry-after, retries so far, another target: what is decided. */
  @ParameterizedTest
  @CsvSource({
    "CONNECT, 0, -1, 0, false, Retry",
    "CONNECT, 0, -1, 2, true, Next",
    "CONNECT, 0, -1, 2, false, GiveUp",
    "RESET, 0, -1, 0, true, Retry",
    "SERVER_ERROR, 500, -1, 0, true, Retry",
    "SERVER_ERROR, 503, -1, 2, true, Next",
    "SERVER_ERROR, 408, -1, 0, true, Retry",
    "RATE_LIMITED, 429, -1, 0, true, Retry",
    "RATE_LIMITED, 429, 5000, 0, true, Next",
    "RATE_LIMITED, 429, 5000, 0, false, Retry",
    "RATE_LIMITED, 429, 90000, 0, false, GiveUp",
    "QUOTA, 429, -1, 0, true, Next",
    "QUOTA, 402, -1, 0, false, GiveUp",
    "CREDENTIALS, 401, -1, 0, true, Next",
    "FIRST_BYTE_TIMEOUT, 0, -1, 0, true, Next",
    "FIRST_BYTE_TIMEOUT, 0, -1, 0, false, GiveUp",
    "FIRST_TOKEN_TIMEOUT, 0, -1, 0, true, Next",
    "IDLE_TIMEOUT, 0, -1, 0, true, Next",
    "TOTAL_TIMEOUT, 0, -1, 0, true, GiveUp",
    "CONTEXT_LENGTH, 400, -1, 0, true, Next",
    "CONTEXT_LENGTH, 400, -1, 0, false, GiveUp",
    "CONTENT_POLICY, 400, -1, 0, true, GiveUp",
    "BAD_REQUEST, 400, -1, 0, true, GiveUp",
    "BAD_REQUEST, 422, -1, 0, true, GiveUp",
    "FORBIDDEN, 403, -1, 0, true, GiveUp",
    "CUT, 0, -1, 0, false, Retry",
    "MALFORMED, 200, -1, 0, true, Next",
    "MALFORMED, 200, -1, 0, false, GiveUp",
    "TOO_LARGE, 0, -1, 0, true, GiveUp",
    "TOO_LARGE, 0, -1, 0, false, GiveUp",
    "NO_SOCKET, 0, -1, 0, true, GiveUp",
    "NO_SOCKET, 0, -1, 0, false, GiveUp",
    "NO_BUFFER, 0, -1, 0, true, GiveUp",
    "NO_BUFFER, 0, -1, 0, false, GiveUp",
    "UNTRANSLATABLE, 0, -1, 0, true, GiveUp",
    "UNTRANSLATABLE, 0, -1, 0, false, GiveUp",
  })
  void decide_beforeContent(
      FailureKind kind, int status, long after, int retries, boolean next, String expected) {
    Decision decision =
        decide(new Failed(kind, status, after), standing(retries, next), Resume.OFF);

    assertThat(decision.getClass().getSimpleName()).isEqualTo(expected);
    assertThat(decision.why()).isNotEmpty();
    if (decision instanceof Retry retry) {
      assertThat(retry.waitMillis()).isGreaterThanOrEqualTo(Math.max(0, after));
    }
  }

  @Test
  void decide_contentSent_neverRetriesAndContinuesOnlyByPrefill() {
    Failed cut = new Failed(FailureKind.CUT, 200, -1);
    Standing sent = new Standing(0, true, true, true, true, 60_000);
    Standing noPrefill = new Standing(0, true, true, true, false, 60_000);

    assertThat(decide(cut, sent, Resume.OFF)).isInstanceOf(GiveUp.class);
    assertThat(decide(cut, sent, Resume.CONTINUE)).isEqualTo(new Next("cut"));
    assertThat(decide(cut, noPrefill, Resume.CONTINUE)).isInstanceOf(GiveUp.class);
    assertThat(decide(new Failed(FailureKind.TOO_LARGE, 0, -1), sent, Resume.CONTINUE))
        .isInstanceOf(GiveUp.class);
  }

  @Test
  void decide_otherKey_isTriedAtOnce() {
    Standing key = new Standing(2, false, true, true, false, 60_000);

    for (FailureKind kind :
        new FailureKind[] {FailureKind.CREDENTIALS, FailureKind.RATE_LIMITED, FailureKind.QUOTA}) {
      Decision decision = decide(new Failed(kind, 429, 9000), key, Resume.OFF);
      assertThat(decision)
          .isInstanceOfSatisfying(Retry.class, r -> assertThat(r.otherKey()).isTrue());
    }
  }

  @Test
  void decide_forbidden_asksOtherKeysWithinTheRetryBudget() {
    budget = new ShareBudget(0.1, 3);
    Standing key = new Standing(0, false, true, true, false, 60_000);
    Failed failed = new Failed(FailureKind.FORBIDDEN, 403, -1);
    int retries = 0;
    for (int i = 0; i < 1000; i++) {
      budget.onCall();
      retries += decide(failed, key, Resume.OFF) instanceof Retry ? 1 : 0;
    }
    assertThat(retries).isBetween(100, 103);
  }

  @Test
  void decide_asksForMoreThanAMinuteAndNoOtherTarget_isTold() {
    Failed longer = new Failed(FailureKind.RATE_LIMITED, 429, 60_001);
    Failed shorter = new Failed(FailureKind.RATE_LIMITED, 429, 20_000);

    assertThat(decide(longer, standing(0, false), Resume.OFF)).isInstanceOf(GiveUp.class);
    assertThat(decide(shorter, standing(0, false), Resume.OFF))
        .isInstanceOfSatisfying(Retry.class, r -> assertThat(r.waitMillis()).isEqualTo(20_000));
  }

  @Test
  void decide_retryBudgetUsedUp_goesOnInstead() {
    budget = new ShareBudget(0.1, 3);
    Failed failed = new Failed(FailureKind.SERVER_ERROR, 500, -1);
    int retries = 0;
    for (int i = 0; i < 1000; i++) {
      budget.onCall();
      retries += decide(failed, standing(0, true), Resume.OFF) instanceof Retry ? 1 : 0;
    }
    assertThat(retries).isBetween(100, 103);
  }

  @Test
  void decide_backoff_fullJitterUnderDoublingBound() {
    AttemptPolicy patient = new AttemptPolicy(10, 200, 5000);
    Failed failed = new Failed(FailureKind.SERVER_ERROR, 500, -1);
    for (int i = 0; i < 200; i++) {
      int retries = i % 10;
      Decision decision =
          patient.decide(
              failed, standing(retries, false), RouteOptions.DEFAULT, Resume.OFF, budget, random);
      long bound = Math.min(5000, 200L << retries);
      assertThat(((Retry) decision).waitMillis()).isBetween(0L, bound);
    }
  }

  @Test
  void decide_fallbackOnNamed_widensTo4xx() {
    RouteOptions options =
        new RouteOptions(Set.of("4xx"), 0, 0, Resume.OFF, 0, null, null, null, false, null, false);

    Decision decision =
        AttemptPolicy.DEFAULT.decide(
            new Failed(FailureKind.BAD_REQUEST, 404, -1),
            standing(0, true),
            options,
            Resume.OFF,
            budget,
            random);

    assertThat(decision).isEqualTo(new Next("404"));
  }
}
