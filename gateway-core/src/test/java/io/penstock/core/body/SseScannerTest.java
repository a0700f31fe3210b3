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
}
