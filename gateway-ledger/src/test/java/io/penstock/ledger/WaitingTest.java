package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeTicker;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class WaitingTest {
  private final FakeTicker ticker = FakeTicker.at("2026-11-01T00:00:00Z");
  private final Waiting waiting = new Waiting(ticker);

  private void after(int seconds) {
    ticker.advance(Duration.ofSeconds(seconds));
  }

  @Test
  void all_whatIsWrittenBehindTheLook_isAsOldAsThat() {
    after(5);
    waiting.looks();
    after(3);
    waiting.committed(List.of(), false);
    after(4);
    assertThat(waiting.nanos()).isEqualTo(7_000_000_000L);
  }

  @Test
  void aPart_moreWaits_isAsOldAsTheLastRowTaken() {
    LedgerRow row = Rows.row(new Random(1), ticker.epochMillis());
    after(60);
    waiting.looks();
    waiting.committed(List.of(row), true);
    assertThat(waiting.nanos())
        .isEqualTo((ticker.epochMillis() - row.times().endedAt()) * 1_000_000L);
  }

  @Test
  void aPart_rowsOfAnotherTime_neverMakesItYoungerThanTheLookOrOlderThanBefore() {
    after(60);
    waiting.looks();
    waiting.committed(List.of(Rows.row(new Random(1), 0)), true);
    assertThat(waiting.nanos()).isEqualTo(60_000_000_000L);
    after(1);
    long future = ticker.epochMillis() + 3_600_000;
    waiting.committed(List.of(Rows.row(new Random(1), future)), true);
    assertThat(waiting.nanos()).isEqualTo(1_000_000_000L);
  }
}
