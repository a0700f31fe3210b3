package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class LedgerThreadTest {
  private static final long MILLI = 1_000_000;

  @Test
  void arrears_areWorkedOffInAQuarterOfTheTime() {
    assertThat(LedgerThread.restNanos(10 * MILLI, 1)).isEqualTo(30 * MILLI);
  }

  @Test
  void aDatabaseThatIsSlow_isNotMadeSlowerByMuch() {
    assertThat(LedgerThread.restNanos(400 * MILLI, 1)).isEqualTo(LedgerThread.MOST_REST_NANOS);
  }

  @Test
  void aJournalThatGrows_isWorkedOffWithoutRest() {
    assertThat(LedgerThread.restNanos(10 * MILLI, LedgerThread.HURRY)).isZero();
  }
}
