package io.penstock.server.content;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.Endpoint;
import io.penstock.ledger.Content;
import io.penstock.server.client.Responder;
import io.penstock.testkit.Gate;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

class ContentKeeperTest {
  private static final int MEBIBYTE = 1 << 20;

  /** Counts what reaches the client. */
  private static final class Client implements Responder {
    private long bytes;

    @Override
    public void reply(int status, HttpHeaders headers, ByteBuf body) {
      write(body);
    }

    @Override
    public void head(int status, HttpHeaders headers) {}

    @Override
    public void write(ByteBuf data) {
      bytes += data.readableBytes();
      data.release();
    }

    @Override
    public void flush() {}

    @Override
    public void end() {}

    @Override
    public void abort() {}

    @Override
    public boolean isWritable() {
      return true;
    }
  }

  private static Recording.Asked asked(int number) {
    return new Recording.Asked(
        new UUID(0x7000, number), Endpoint.CHAT, "application/json", new byte[] {'{', '}'}, "");
  }

  private static void answer(Recording recording, int bytes) {
    HttpHeaders headers = new DefaultHttpHeaders().set("content-type", "application/json");
    byte[] body = new byte[bytes];
    body[0] = '[';
    java.util.Arrays.fill(body, 1, bytes - 1, (byte) ' ');
    body[bytes - 1] = ']';
    recording.reply(200, headers, Unpooled.wrappedBuffer(body));
  }

  @Test
  void put_sinkThatStandsStill_holdsNobodyUpAndCountsWhatIsLost() {
    Gate still = new Gate("the ledger");
    Queue<Content> kept = new ConcurrentLinkedQueue<>();
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    Client client = new Client();
    try (ContentKeeper keeper =
        new ContentKeeper(
            new Redaction(1000, List.of()),
            List::of,
            content -> {
              still.pass();
              return kept.add(content);
            },
            registry)) {
      for (int i = 0; i < 100; i++) {
        Recording recording = keeper.record(client);
        answer(recording, MEBIBYTE);
        recording.ended(asked(i));
      }
      assertThat(client.bytes).isEqualTo(100L * MEBIBYTE);
      assertThat(keeper.lost()).isBetween(36L, 99L);
      assertThat(registry.get("penstock.content.lost").functionCounter().count())
          .isEqualTo((double) keeper.lost());
      still.open();
    }
    assertThat(kept).isNotEmpty().allMatch(content -> content.responseBytes() == MEBIBYTE);
  }

  @Test
  void copies_ofCallsUnderWay_areBoundedInAll() {
    Client client = new Client();
    Queue<Content> kept = new ConcurrentLinkedQueue<>();
    try (ContentKeeper keeper =
        new ContentKeeper(
            new Redaction(1000, List.of()), List::of, kept::add, new SimpleMeterRegistry())) {
      Recording[] recordings = new Recording[70];
      for (int i = 0; i < recordings.length; i++) {
        recordings[i] = keeper.record(client);
        answer(recordings[i], MEBIBYTE);
      }
      assertThat(keeper.hold(MEBIBYTE)).isFalse();
      for (int i = 0; i < recordings.length; i++) {
        recordings[i].ended(asked(i));
      }
      assertThat(keeper.hold(MEBIBYTE)).isTrue();
    }
    assertThat(client.bytes).isEqualTo(70L * MEBIBYTE);
    assertThat(kept).allMatch(content -> content.responseBytes() == MEBIBYTE);
  }
}
