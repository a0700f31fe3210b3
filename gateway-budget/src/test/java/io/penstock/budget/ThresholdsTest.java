package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

class ThresholdsTest {
  private static final Rule.Terms LOW =
      new Rule.Terms(100, List.of(50, 80), Over.DENY, false, ZoneOffset.UTC);
  private static final Rule.Terms HIGH =
      new Rule.Terms(120, List.of(80, 50), Over.DENY, false, ZoneOffset.UTC);

  private final Rule rule =
      new Rule(new Rule.Shape("org", -1, Limit.Unit.TOKENS, List.of(), Window.Every.TOTAL), LOW);
  private final Effects effects =
      new SimReplica(new Simulation(0, Simulation.Mode.CALM, Simulation.Bug.NONE));
  private final Counter counter = new Counter(rule, rule.key("", 0), 0);

  private Request.Entry entry(Rule.Terms terms) {
    return new Request.Entry(
        counter.key,
        Limit.Unit.TOKENS,
        false,
        90,
        90,
        terms.limit(),
        0,
        0,
        false,
        0,
        terms.alerts());
  }

  private void told(Rule.Terms terms, int taken) {
    counter.allSpent = 90;
    Request.Answer.State state = new Request.Answer.State(90, 90, 90, 90, 0, 0, 0, taken, 0);
    Thresholds.raise(counter, state, entry(terms), effects, 0);
  }

  @Test
  void claim_whileTheAnswerIsOfTheTermsBeforeAReload_waitsForThatOfThePresentOnes() {
    told(LOW, 3);
    assertThat(Thresholds.claim(counter)).isFalse();
    rule.change(HIGH);
    assertThat(Thresholds.changed(counter, LOW)).isTrue();
    assertThat(Thresholds.changed(counter, HIGH)).isFalse();

    // A move that was under way.
    told(LOW, 3);
    assertThat(Thresholds.claim(counter)).isFalse();

    // 80 % of 120 is not passed, 50 % is.
    told(HIGH, 0);
    assertThat(Thresholds.claim(counter)).isTrue();
    assertThat(counter.claim).isEqualTo((char) 2);
  }
}
