package io.penstock.cache.semantic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class FalseHitGateTest {
  private final Random random = new Random(5);

  /** Feeds checks whose true error rate depends on the score. */
  private void feed(FalseHitGate gate, int n, double wrongAbove, double wrongBelow) {
    for (int i = 0; i < n; i++) {
      double score = 0.5 + random.nextDouble() * 0.5;
      double wrong = score >= OperatingPoints.threshold(0.01) ? wrongAbove : wrongBelow;
      gate.checked(score, random.nextDouble() < wrong);
    }
  }

  @Test
  void bounds_againstKnownValues_agree() {
    assertThat(Proportion.upper(0, 300)).isCloseTo(0.00994, within(0.0001));
    assertThat(Proportion.upper(3, 100)).isCloseTo(0.0757, within(0.0005));
    assertThat(Proportion.upper(3_999, 4_000)).isCloseTo(0.99999, within(0.00001));
    assertThat(Proportion.upper(50, 4_000)).isCloseTo(0.01578, within(0.0001));
    assertThat(Proportion.lower(3_990, 4_000)).isCloseTo(0.99576, within(0.0001));
    assertThat(Proportion.lower(10, 100)).isCloseTo(0.0553, within(0.0005));
    assertThat(Proportion.wilson(5, 100).low()).isCloseTo(0.0215, within(0.0005));
    assertThat(Proportion.wilson(5, 100).high()).isCloseTo(0.1118, within(0.0005));
    assertThat(Proportion.wilson(0, 0)).isEqualTo(new Proportion.Interval(0, 1));
  }

  @Test
  void shouldVerify_everyHitUntilEnough_thenItsShare() {
    FalseHitGate gate = FalseHitGate.following(0.01, 0.02);
    for (int i = 0; i < FalseHitGate.ENOUGH; i++) {
      assertThat(gate.shouldVerify(0.999)).isTrue();
      gate.checked(0.9999, false);
    }

    assertThat(gate.shouldVerify(0.021)).isFalse();
    assertThat(gate.shouldVerify(0.019)).isTrue();
  }

  @Test
  void threshold_moreWrongThanPromised_rises() {
    FalseHitGate gate = FalseHitGate.following(0.03, 0.02);
    double before = gate.threshold();

    feed(gate, 1_500, 0, 0.3);

    assertThat(gate.threshold()).isGreaterThan(before);
    assertThat(gate.report().interval().low()).isLessThanOrEqualTo(0.03);
  }

  @Test
  void threshold_everythingWrong_servesOnlyTheSameWording() {
    FalseHitGate gate = FalseHitGate.following(0.01, 0.02);

    feed(gate, 2_000, 0.5, 0.5);
    for (int i = 0; i < 400; i++) {
      gate.checked(0.9995, random.nextBoolean());
    }

    assertThat(gate.threshold()).isEqualTo(OperatingPoints.STRICTEST);
  }

  @Test
  void threshold_provenRight_falls() {
    FalseHitGate gate = FalseHitGate.following(0.01, 0.02);
    double before = gate.threshold();

    feed(gate, 4_000, 0, 0);

    assertThat(gate.threshold()).isLessThan(before);
  }

  @Test
  void shouldVerify_afterDrift_checksEveryHitAgain() {
    FalseHitGate gate = FalseHitGate.following(0.01, 0.02);
    for (int i = 0; i < 1_000; i++) {
      gate.checked(1, false);
    }
    assertThat(gate.shouldVerify(0.5)).isFalse();

    for (int i = 0; i < 20; i++) {
      gate.reported(1);
    }

    assertThat(gate.report().drifting()).isTrue();
    assertThat(gate.shouldVerify(0.5)).isTrue();
  }

  @Test
  void recall_ofAnEarlierProcess_goesOnWhereItWas() {
    FalseHitGate before = FalseHitGate.following(0.03, 0.02);
    feed(before, 1_500, 0, 0.3);
    for (int i = 0; i < 400; i++) {
      before.checked(0.9999, false);
    }
    before.reported(0.9999);
    FalseHitGate after = FalseHitGate.following(0.03, 0.02);

    after.recall(before.learned());

    assertThat(after.threshold())
        .isEqualTo(before.threshold())
        .isNotEqualTo(FalseHitGate.following(0.03, 0.02).threshold());
    assertThat(after.report()).isEqualTo(before.report());
    assertThat(after.learned()).isEqualTo(before.learned());
    assertThat(after.shouldVerify(0.999)).isTrue();
    for (int i = 0; i < 50; i++) {
      after.checked(0.9999, false);
    }
    assertThat(after.shouldVerify(0.999)).isFalse();
  }

  @Test
  void recall_ofAnotherVerifier_countsNothing() {
    FalseHitGate before = FalseHitGate.following(0.03, 0.02);
    feed(before, 1_500, 0, 0.3);
    FalseHitGate after = FalseHitGate.following(0.03, 0.02);

    after.recall(new FalseHitGate.Learned("other", before.learned().checks(), 0));

    assertThat(after.report()).isEqualTo(FalseHitGate.following(0.03, 0.02).report());
  }

  @Test
  void reported_onceAmongMany_checksTheNextHits() {
    FalseHitGate gate = FalseHitGate.following(0.05, 0.02);
    for (int i = 0; i < 400; i++) {
      gate.checked(1, false);
    }
    gate.reported(1);
    for (int i = 0; i < 50; i++) {
      assertThat(gate.shouldVerify(0.5)).isTrue();
      gate.checked(1, false);
    }

    assertThat(gate.shouldVerify(0.5)).isFalse();
    assertThat(gate.report().wrong()).isEqualTo(1);
  }

  @Test
  void fixed_threshold_neverMoves() {
    FalseHitGate gate = FalseHitGate.fixed(0.95, 0.02);

    feed(gate, 1_000, 1, 1);

    assertThat(gate.threshold()).isEqualTo(0.95);
    assertThat(gate.report().wrong()).isPositive();
  }

  @Test
  void comparer_twins_setTheLeastLikeness() {
    AnswerComparer comparer = new AnswerComparer();
    assertThat(comparer.same("Yes, 30 days.", "yes 30 days", 0)).isTrue();
    assertThat(comparer.same("You have 30 days.", "You have 90 days.", 0.99)).isFalse();
    assertThat(comparer.same("You may.", "It is allowed.", 0.7)).isFalse();

    for (int i = 0; i < 100; i++) {
      comparer.twin(0.6 + i * 0.004);
    }

    assertThat(comparer.leastLikeness()).isCloseTo(0.62, within(0.001));
    assertThat(comparer.same("You may.", "It is allowed.", 0.7)).isTrue();
  }
}
