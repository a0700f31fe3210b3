package io.penstock.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class ReasonsTest {
  private static final long MINUTE = 60_000_000_000L;

  private long now;
  private final Reasons reasons =
      new Reasons(
          new Ticker() {
            @Override
            public long nanoTime() {
              return now;
            }

            @Override
            public long epochMillis() {
              return now / 1_000_000;
            }
          });

  @Test
  void isNews_eachReasonOnceAMinute() {
    assertThat(reasons.isNews("NOPERM")).isTrue();
    assertThat(reasons.isNews("NOPERM")).isFalse();
    assertThat(reasons.isNews("OOM")).as("another one is news").isTrue();
    now = MINUTE - 1;
    assertThat(reasons.isNews("NOPERM")).isFalse();
    now = MINUTE;
    assertThat(reasons.isNews("NOPERM")).isTrue();
  }

  @Test
  void isOver_isToldOnceAfterEachThatWasTold() {
    assertThat(reasons.isOver()).isFalse();
    reasons.isNews("OOM");
    assertThat(reasons.isOver()).isTrue();
    reasons.isNews("OOM");
    assertThat(reasons.isOver()).as("nobody was told that it is away again").isFalse();
  }

  @Test
  void innermost_isWhatFailed_notWhatWrapsIt() {
    assertThat(
            Reasons.innermost(
                new CompletionException(
                    new IllegalStateException(
                        "Unable to connect", new RuntimeException("WRONGPASS invalid")))))
        .isEqualTo("WRONGPASS invalid");
    assertThat(Reasons.innermost(new IllegalStateException())).isEqualTo("IllegalStateException");
  }
}
