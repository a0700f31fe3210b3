package io.penstock.core.body;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class BodyMemoryTest {
  private static final int BODY = 100_000;

  @Test
  void take_beyondTheMost_takesNothing() {
    BodyMemory memory = new BodyMemory(10);
    assertThat(memory.take(6)).isTrue();
    assertThat(memory.take(5)).isFalse();
    assertThat(memory.take(4)).isTrue();
    memory.give(10);
    assertThat(memory.held()).isZero();
  }

  @Test
  void room_thatIsTaken_is503_andGivenBack() {
    BodyMemory memory = new BodyMemory(5 * BODY);
    try (BodyMemory.Room _ = memory.room(BODY, 3 * BODY, 2)) {
      assertThat(memory.held()).isEqualTo(3 * BODY);
      assertThatExceptionOfType(GatewayException.class)
          .isThrownBy(() -> memory.room(BODY, 3 * BODY, 2))
          .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED))
          .satisfies(e -> assertThat(e.retryAfterMillis()).isPositive());
    }
    assertThat(memory.held()).isZero();
  }

  @Test
  void room_thatNeverIs_is413() {
    BodyMemory memory = new BodyMemory(5 * BODY);
    assertThatExceptionOfType(GatewayException.class)
        .isThrownBy(() -> memory.room(BODY, 3 * BODY + 1, 2))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.REQUEST_TOO_LARGE));
    assertThat(memory.held()).isZero();
  }

  @Test
  void room_forASmallBody_isNotAsked() {
    BodyMemory memory = new BodyMemory(0);
    memory.room(BodyMemory.SMALL - 1, 1, 2).close();
    assertThat(memory.held()).isZero();
  }

  @Test
  void weight_tellsPlainTextFromOther() {
    byte[] plain = "{\"a\":[\"b\",\"c\\n\"]}".getBytes(StandardCharsets.UTF_8);
    assertThat(BodyWeight.of(plain)).isEqualTo(new BodyWeight(plain.length, false, 220 + 60 + 100));
    assertThat(BodyWeight.of("\"é\"".getBytes(StandardCharsets.UTF_8)).wide()).isTrue();
    assertThat(BodyWeight.of("\"\\u4e2d\"".getBytes(StandardCharsets.UTF_8)).wide()).isTrue();
  }
}
