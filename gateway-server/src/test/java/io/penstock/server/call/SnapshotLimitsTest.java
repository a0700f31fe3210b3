package io.penstock.server.call;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What may be held at once, whatever is configured: the process has to live with it. */
class SnapshotLimitsTest {
  private static final long MIB = 1 << 20;

  @Test
  void inflightBytes_overHalfOfTheMemory_areThatHalf() {
    assertThat(Snapshot.Limits.of(10, 32 * MIB, 1024 * MIB, 120 * MIB).inflightBytes())
        .isEqualTo(60 * MIB);
  }

  @Test
  void inflightBytes_thatFit_areAsConfigured() {
    assertThat(Snapshot.Limits.of(10, 32 * MIB, 100 * MIB, 1024 * MIB).inflightBytes())
        .isEqualTo(100 * MIB);
  }
}
