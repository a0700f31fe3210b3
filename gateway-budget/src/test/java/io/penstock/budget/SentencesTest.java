package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SentencesTest {
  private static final long MILLI_USD = 1_000_000;
  private static final long END = Instant.parse("2026-11-24T00:00:00Z").toEpochMilli();

  private static CounterKey key(int override) {
    return CounterKey.of(new UUID(0, 1), "day", override, "ann", 0, END);
  }

  /** Of 4 milli-USD; amounts in milli-USD. */
  private static Verdict.Denied denied(long spent, long held, long need, Over over, int override) {
    return new Verdict.Denied(
        key(override),
        Limit.usd(4 * MILLI_USD),
        4 * MILLI_USD,
        spent * MILLI_USD,
        held * MILLI_USD,
        need < 0 ? need : need * MILLI_USD,
        over,
        false);
  }

  @Test
  void denied_moreThanTheWholeLimit_saysSo_andNoReset() {
    assertThat(denied(0, 0, 5, Over.DENY, -1).message())
        .isEqualTo(
            "budget day of ann: this call may cost 0.005 USD, more than the whole limit of 0.004"
                + " USD; shorten it or lower its maximum of output tokens");
  }

  @Test
  void denied_somethingIsLeft_isNotUsedUp() {
    assertThat(denied(1, 2, 3, Over.DENY, -1).message())
        .isEqualTo(
            "budget day of ann has 0.001 USD left, and this call may cost 0.003 USD: limit 0.004"
                + " USD, spent 0.001 USD, held 0.002 USD; it resets at 2026-11-24T00:00:00Z");
  }

  @Test
  void denied_nothingIsLeft_namesTheOverride() {
    assertThat(denied(4, 0, 3, Over.DENY, 0).message())
        .isEqualTo(
            "budget day (override 0) of ann is used up: limit 0.004 USD, spent 0.004 USD, held 0.00"
                + " USD, this call may cost 0.003 USD; it resets at 2026-11-24T00:00:00Z");
    assertThat(denied(4, 0, Verdict.Denied.UNKNOWN, Over.DENY, -1).message())
        .contains("is used up", "what this call costs is not known");
  }

  @Test
  void denied_afterRedirecting_namesDenyAt() {
    assertThat(denied(5, 0, 3, new Over.Use("mini", 120), -1).message())
        .contains("is used up: limit 0.004 USD (deny_at 0.0048 USD), spent 0.005 USD");
  }

  @Test
  void cut_isTheAnswersOwn() {
    assertThat(denied(0, 4, 2, Over.DENY, -1).cutMessage())
        .isEqualTo(
            "budget day of ann is used up with this answer: limit 0.004 USD, spent 0.00 USD, held"
                + " 0.004 USD, what the answer itself holds included; it resets at"
                + " 2026-11-24T00:00:00Z");
  }

  @Test
  void rateLimited_saysTheWindow_whatIsUsed_andWhenItFits() {
    long at = Instant.parse("2026-11-23T11:00:00Z").toEpochMilli();
    RateState state = new RateState("day", "k8", false, 1, 0, 0);
    assertThat(new Verdict.RateLimited(state, 86_400_000, 1, at, 133_156_540, false).message())
        .isEqualTo(
            "rate day of k8 is used up: limit 1 request a day (sliding), 1 used, this call takes 1;"
                + " it fits at 2026-11-24T23:59:17Z (in 36h59m)");
    RateState tokens = new RateState("t", "", true, 5_000, 200, 0);
    assertThat(new Verdict.RateLimited(tokens, 90_000, 900, at, 1, true).message())
        .isEqualTo(
            "rate t is used up: limit 5000 tokens in 1m30s (sliding), 4800 used, this call takes"
                + " 900; it fits at 2026-11-23T11:00:01Z (in 1s)");
  }

  @Test
  void concurrencyLimited_saysHowManyRun() {
    assertThat(new Verdict.ConcurrencyLimited(key(-1), 2, 2, false).message())
        .isEqualTo("rate day of ann allows 2 calls at a time, and 2 are under way");
    assertThat(new Verdict.ConcurrencyLimited(key(-1), 1, 1, false).message())
        .isEqualTo("rate day of ann allows 1 call at a time, and 1 is under way");
  }
}
