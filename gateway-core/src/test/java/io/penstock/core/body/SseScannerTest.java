package io.penstock.core.body;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SseScannerTest {
  private static final String STREAM =
      "\uFEFFdata: {\"a\":\"é\"}\n\n: ping\n\nevent: x\r\ndata: 1\r\ndata: 2\r\n\r\n\r\n"
          + "data: mac\r\rdata: next\r\r\n\ndata:last";

  private static List<String> scan(String stream, int... cuts) {
    List<String> events = new ArrayList<>();
    byte[] bytes = stream.getBytes(UTF_8);
    SseScanner.Listener listener = event -> events.add(event.toString(UTF_8));
    try (SseScanner scanner = new SseScanner(UnpooledByteBufAllocator.DEFAULT)) {
      int from = 0;
      for (int cut : cuts) {
        feed(scanner, bytes, from, cut, listener);
        from = cut;
      }
      feed(scanner, bytes, from, bytes.length, listener);
      scanner.finish(listener);
    }
    return events;
  }

  private static void feed(
      SseScanner scanner, byte[] bytes, int from, int to, SseScanner.Listener listener) {
    ByteBuf chunk = Unpooled.copiedBuffer(bytes, from, to - from);
    try {
      scanner.feed(chunk, listener);
    } finally {
      chunk.release();
    }
  }

  @Test
  void feed_allLineEnds_findsEvents() {
    List<String> data = new ArrayList<>();
    for (String event : scan(STREAM)) {
      data.add(SseEvent.name(event) + "=" + SseEvent.data(event));
    }

    assertThat(data)
        .containsExactly(
            "null={\"a\":\"é\"}", "null=null", "x=1\n2", "null=mac", "null=next", "null=last");
  }

  @Test
  void feed_everySplit_givesTheSameEvents() {
    List<String> whole = scan(STREAM).stream().map(SseEvent::data).map(String::valueOf).toList();
    int length = STREAM.getBytes(UTF_8).length;
    for (int a = 0; a <= length; a++) {
      for (int b = a; b <= length; b++) {
        assertThat(scan(STREAM, a, b).stream().map(SseEvent::data).map(String::valueOf))
            .isEqualTo(whole);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n", "\r"})
  void feed_everySplit_handsOnEachByte(String end) {
    String stream = "data: 1|: ping||event: x|data: 2||data: 3||".replace("|", end);
    int length = stream.getBytes(UTF_8).length;
    List<String> whole = scan(stream);
    assertThat(whole).hasSize(3);
    assertThat(whole.getFirst()).endsWith(end + end);
    for (int a = 0; a <= length; a++) {
      for (int b = a; b <= length; b++) {
        assertThat(scan(stream, a, b)).isEqualTo(whole);
      }
    }
    assertThat(String.join("", whole)).isEqualTo(stream);
  }

  @Test
  void feed_crAndLfApart_endsTheEventWithTheNextByte() {
    assertThat(scan("data: 1\n\rdata: 2\r\n\r", 9)).containsExactly("data: 1\n\r", "data: 2\r\n\r");
    assertThat(scan("data: 1\r\r\ndata: 2\n\n")).containsExactly("data: 1\r\r", "\ndata: 2\n\n");
  }

  @Test
  void feed_endlessEvent_isRefused() {
    ByteBuf chunk = Unpooled.wrappedBuffer(new byte[1 << 20]);
    try (SseScanner scanner = new SseScanner(UnpooledByteBufAllocator.DEFAULT)) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 20; i++) {
                  scanner.feed(chunk, event -> {});
                }
              })
          .isInstanceOf(SseOverflowException.class);
    } finally {
      chunk.release();
    }
  }

  @Test
  void feed_randomBytes_neverFailsAndLosesNoByteOfAnEvent() {
    Random random = new Random(3);
    for (int round = 0; round < 3000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(60); i >= 0; i--) {
        text.append("\r\n:da t\n\r".charAt(random.nextInt(9)));
      }
      String stream = text.toString();
      int cut = random.nextInt(stream.length() + 1);
      assertThat(String.join("", scan(stream, cut)).replaceAll("[\r\n]", ""))
          .isEqualTo(stream.replaceAll("[\r\n]", ""));
    }
  }

  private static void feedLarge(SseScanner scanner, int bytes, SseScanner.Listener listener) {
    byte[] piece = "a".repeat(10_000).getBytes(UTF_8);
    feed(scanner, "data: ".getBytes(UTF_8), 0, 6, listener);
    for (int i = 0; i < bytes / piece.length; i++) {
      feed(scanner, piece, 0, piece.length, listener);
    }
  }

  @Test
  void feed_largeEvents_takeMemoryForAsLongAsTheyAreHeld() {
    BodyMemory buffers = new BodyMemory(1 << 20);
    BodyMemory heap = new BodyMemory(1 << 20);
    List<String> events = new ArrayList<>();
    try (SseScanner scanner = new SseScanner(UnpooledByteBufAllocator.DEFAULT, buffers, heap)) {
      for (int round = 0; round < 5; round++) {
        SseScanner.Listener listener =
            event -> {
              assertThat(buffers.held()).isGreaterThanOrEqualTo(event.readableBytes());
              assertThat(heap.held()).isEqualTo(3L * event.readableBytes());
              events.add(event.toString(UTF_8));
            };
        feedLarge(scanner, 300_000, listener);
        assertThat(buffers.held()).isBetween(300_000L, 300_000L + 2 * BodyMemory.SMALL);
        feed(scanner, "\n\n".getBytes(UTF_8), 0, 2, listener);
        assertThat(buffers.held()).isZero();
      }
    }
    assertThat(heap.held()).isZero();
    assertThat(events).hasSize(5).containsOnly("data: " + "a".repeat(300_000) + "\n\n");
  }

  @Test
  void feed_smallEvents_takeNothing() {
    BodyMemory none = new BodyMemory(0);
    List<Integer> lengths = new ArrayList<>();
    try (SseScanner scanner = new SseScanner(UnpooledByteBufAllocator.DEFAULT, none, none)) {
      SseScanner.Listener listener = event -> lengths.add(event.readableBytes());
      feedLarge(scanner, 60_000, listener);
      feed(scanner, "\n\n".getBytes(UTF_8), 0, 2, listener);
    }
    assertThat(lengths).containsExactly(60_008);
  }

  @Test
  void feed_noRoomForALargeEvent_isRefused_andWhatCameIsTold() {
    BodyMemory buffers = new BodyMemory(4L * BodyMemory.SMALL);
    SseScanner scanner =
        new SseScanner(UnpooledByteBufAllocator.DEFAULT, buffers, new BodyMemory(1 << 20));
    assertThatThrownBy(() -> feedLarge(scanner, 500_000, event -> {}))
        .isInstanceOf(SseOverflowException.class)
        .hasMessageContaining("no room for an SSE event");
    String came = scanner.unread();
    assertThat(came).startsWith("data: aaa").hasSizeGreaterThan(2 * BodyMemory.SMALL);
    scanner.close();
    assertThat(buffers.held()).isZero();
    assertThat(scanner.unread()).isEqualTo(came);
  }

  @Test
  void feed_noMemoryToReadALargeEvent_isRefused_andWhatCameIsTold() {
    BodyMemory buffers = new BodyMemory(1 << 20);
    try (SseScanner scanner =
        new SseScanner(UnpooledByteBufAllocator.DEFAULT, buffers, new BodyMemory(100_000))) {
      feedLarge(scanner, 100_000, event -> {});
      assertThatThrownBy(() -> feed(scanner, "\n\n".getBytes(UTF_8), 0, 2, event -> {}))
          .isInstanceOf(SseOverflowException.class)
          .hasMessageContaining("no memory now");
      assertThat(scanner.unread()).startsWith("data: aaa").hasSize(100_008);
      assertThat(buffers.held()).isZero();
    }
  }

  @Test
  void close_inALargeEvent_givesItBack() {
    BodyMemory buffers = new BodyMemory(1 << 20);
    SseScanner scanner =
        new SseScanner(UnpooledByteBufAllocator.DEFAULT, buffers, new BodyMemory(1 << 20));
    feedLarge(scanner, 200_000, event -> {});
    scanner.close();
    assertThat(buffers.held()).isZero();
    assertThat(scanner.unread()).hasSize(200_006);
  }
}
