package io.penstock.server.call.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.penstock.core.FailureKind;
import io.penstock.core.body.BodyMemory;
import io.penstock.testkit.LeakCheck;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is held of a stream: in few pieces, within the memory that there is. */
@ExtendWith(LeakCheck.class)
class HeldTest {
  private static final String PING = ": hi\n\n";

  private final BodyMemory memory = new BodyMemory(1 << 20);
  private final Held held = new Held(UnpooledByteBufAllocator.DEFAULT, memory);

  @AfterEach
  void allIsGivenBack() {
    held.release();
    assertThat(memory.held()).isZero();
    assertThat(held.bytes()).isZero();
  }

  private static ByteBuf bytes(String text) {
    return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
  }

  private String given() {
    StringBuilder all = new StringBuilder();
    held.giveTo(piece -> {
      all.append(piece.toString(StandardCharsets.US_ASCII));
      piece.release();
    });
    return all.toString();
  }

  @Test
  void add_manySmall_areFewPieces_andAskedForAsTheyAre() {
    StringBuilder sent = new StringBuilder();
    for (int i = 0; i < 100_000; i++) {
      String event = ":" + i + "\n\n";
      sent.append(event);
      assertThat(held.add(bytes(event))).isTrue();
    }
    assertThat(held.bytes()).isEqualTo(sent.length());
    assertThat(held.pieces()).hasSizeLessThan(sent.length() / BodyMemory.SMALL + 2);
    assertThat(memory.held())
        .isBetween((long) sent.length(), sent.length() + 2L * BodyMemory.SMALL);
    assertThat(given()).isEqualTo(sent.toString());
    assertThat(memory.held()).isZero();
  }

  @Test
  void add_small_isNotAskedFor() {
    while (held.bytes() < Held.FREE_BYTES - PING.length()) {
      assertThat(held.add(bytes(PING))).isTrue();
      assertThat(memory.held()).isZero();
    }
    held.add(bytes(PING));
    held.add(bytes(PING));
    assertThat(memory.held()).isEqualTo(2 * Held.FREE_BYTES);
  }

  @Test
  void add_largeBetweenSmall_staysInOrder_asItCame() {
    String large = "x".repeat(BodyMemory.SMALL + 1);
    ByteBuf came = bytes(large);
    held.add(bytes("a"));
    held.add(came);
    held.add(bytes("b"));
    assertThat(held.pieces()).hasSize(3).contains(came);
    assertThat(memory.held()).isGreaterThan(large.length());
    assertThat(given()).isEqualTo("a" + large + "b");
  }

  @Test
  void add_noMemory_isSaid_andNothingIsLost() {
    long others = memory.most() - 6000;
    memory.take(others);
    List<String> added = new ArrayList<>();
    boolean room = true;
    while (room) {
      added.add(PING);
      room = held.add(bytes(PING));
    }
    assertThat(held.bytes()).isBetween((long) Held.FREE_BYTES, 6000L);
    assertThat(held.tooMuch().kind()).isEqualTo(FailureKind.TOO_LARGE);
    assertThat(given()).isEqualTo(String.join("", added));
    assertThat(held.add(bytes("x".repeat(BodyMemory.SMALL + 1)))).isFalse();
    held.release();
    memory.give(others);
  }

  @Test
  void isEndless_manySmall_orAllInAll() {
    BodyMemory much = new BodyMemory(64 << 20);
    Held small = new Held(UnpooledByteBufAllocator.DEFAULT, much);
    while (small.bytes() <= Held.MOST_SMALL_BYTES) {
      assertThat(small.isEndless()).isFalse();
      small.add(bytes("x".repeat(BodyMemory.SMALL)));
    }
    assertThat(small.isEndless()).isTrue();
    assertThat(small.tooMuch().kind()).isEqualTo(FailureKind.MALFORMED);
    small.release();
    assertThat(small.isEndless()).isFalse();
    while (small.bytes() <= Held.MOST_BYTES) {
      assertThat(small.isEndless()).isFalse();
      small.add(bytes("x".repeat(1 << 20)));
    }
    assertThat(small.isEndless()).isTrue();
    small.release();
    assertThat(much.held()).isZero();
  }
}
