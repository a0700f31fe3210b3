package io.penstock.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SeldomTest {
  private final Seldom seldom = new Seldom(10);

  @Test
  void counts_firstAtOnce_thenOnceInAWhile_withHowMany() {
    assertThat(seldom.counts(-5)).isEqualTo(1);
    assertThat(seldom.counts(-5)).isZero();
    assertThat(seldom.counts(4)).isZero();
    assertThat(seldom.counts(5)).as("with the two before").isEqualTo(3);
    assertThat(seldom.counts(14)).isZero();
    assertThat(seldom.counts(15)).isEqualTo(2);
  }

  @Test
  void counts_clockThatRunsOver_goesOn() {
    assertThat(seldom.counts(Long.MAX_VALUE - 3)).isEqualTo(1);
    assertThat(seldom.counts(Long.MAX_VALUE)).isZero();
    assertThat(seldom.counts(Long.MIN_VALUE + 7)).isEqualTo(2);
  }

  @Test
  void rest_isWhatWasNotTold() {
    seldom.counts(0);
    seldom.counts(1);
    seldom.counts(2);
    assertThat(seldom.rest()).isEqualTo(2);
    assertThat(seldom.rest()).isZero();
    assertThat(seldom.counts(10)).isEqualTo(1);
  }
}
