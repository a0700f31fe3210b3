package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class SilentTest {
  private final Silent silent = new Silent(Settings.shared(Outage.SHARE));

  @Test
  void dead_clockOfTheStoreIsSetForward_whoSpeaksIsNot() {
    assertThat(silent.dead(List.of(1L, 2L), 100_000)).isEmpty();
    assertThat(silent.dead(List.of(2L), 102_000)).isEmpty();
    assertThat(silent.dead(List.of(2L), 103_000)).containsExactly(2L);
  }

  @Test
  void dead_spokeBetween_beginsAnew() {
    assertThat(silent.dead(List.of(1L), 100_000)).isEmpty();
    assertThat(silent.dead(List.of(), 102_000)).isEmpty();
    assertThat(silent.dead(List.of(1L), 110_000)).isEmpty();
    assertThat(silent.dead(List.of(1L), 112_999)).isEmpty();
    assertThat(silent.dead(List.of(1L), 113_000)).containsExactly(1L);
  }
}
