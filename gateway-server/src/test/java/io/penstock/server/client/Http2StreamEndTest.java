package io.penstock.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.penstock.core.GatewayException;
import io.penstock.server.client.Http2Frames.Frame;
import io.penstock.testkit.LeakCheck;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams of HTTP/2 whose client does not take its answers. */
@ExtendWith(LeakCheck.class)
class Http2StreamEndTest {
  private static final int SLOW_SECONDS = 60;
  private static final int IDLE_SECONDS = 75;

  /** Below the high-water mark of a stream, and beyond that of a connection. */
  private static final int SMALL = 10_000;

  private static final int LARGE = 1_000_000;

  private static final int WIDE = 1 << 30;

  private final List<SlowChannel> clients = new ArrayList<>();

  @AfterEach
  void end() {
    clients.forEach(SlowChannel::finishAndReleaseAll);
  }

  private SlowChannel connected(int answerBytes, int window, Unread unread) {
    ClientLimits limits =
        new ClientLimits(
            9, 8192, 10_000, 10_000, IDLE_SECONDS * 1000L, SLOW_SECONDS * 1000L, Long.MAX_VALUE);
    SlowChannel client = SlowChannel.create();
    clients.add(client);
    client.takeAlways(true);
    new ClientServer.Bounded(
            limits,
            new ClientServer.Shared(unread, new IdleConnections(), new AtomicBoolean()),
            new Plain(answerBytes))
        .http2(client.pipeline());
    send(client, Http2Frames.preface(window));
    return client;
  }

  private SlowChannel connected(int answerBytes, int window) {
    return connected(answerBytes, window, new Unread(() -> Long.MAX_VALUE));
  }

  private static void send(SlowChannel client, byte[] bytes) {
    client.writeInbound(Unpooled.wrappedBuffer(bytes));
    client.runPendingTasks();
  }

  private static void ask(SlowChannel client, int stream) {
    send(client, Http2Frames.request(stream, "/", "k", ""));
  }

  private static List<Frame> sent(SlowChannel client, int type) {
    return Http2Frames.frames(client.taken().getBytes(StandardCharsets.ISO_8859_1)).stream()
        .filter(frame -> frame.type() == type)
        .toList();
  }

  private static List<Integer> reset(SlowChannel client) {
    return sent(client, Http2Frames.RST_STREAM).stream()
        .peek(frame -> assertThat(frame.number()).isEqualTo(Http2Frames.CANCEL))
        .map(Frame::stream)
        .toList();
  }

  private static int data(SlowChannel client) {
    return sent(client, Http2Frames.DATA).stream().mapToInt(f -> f.payload().length).sum();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, SMALL, LARGE})
  void client_withoutAWindow_hasItsStreamReset_andTheAnswerIsForgotten(int bytes) {
    SlowChannel client = connected(bytes, 0);
    ask(client, 1);
    assertThat(sent(client, Http2Frames.HEADERS)).hasSize(1);
    client.pass(SLOW_SECONDS - 1);
    assertThat(reset(client)).isEmpty();
    client.pass(SLOW_SECONDS + 1);
    assertThat(reset(client)).containsExactly(1);
    send(client, Http2Frames.more(1, WIDE));
    assertThat(data(client)).isZero();
    assertThat(client.isOpen()).isTrue();
    client.pass(IDLE_SECONDS);
    assertThat(client.isOpen()).as("no stream is left, so that it is idle").isFalse();
  }

  @Test
  void client_thatBreaksTheRulesOfAStream_leavesNothingOfIt() {
    SlowChannel client = connected(LARGE, 0);
    ask(client, 1);
    // Beyond what a window may be: an error of the stream, not of the connection.
    send(client, Http2Frames.more(1, Integer.MAX_VALUE));
    send(client, Http2Frames.more(1, Integer.MAX_VALUE));
    assertThat(sent(client, Http2Frames.RST_STREAM)).hasSize(1);
    client.pass(IDLE_SECONDS);
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void client_thatTakesAllInTime_getsIt_andNoReset() {
    SlowChannel client = connected(SMALL, 0);
    ask(client, 1);
    send(client, Http2Frames.more(1, WIDE));
    assertThat(data(client)).isEqualTo(SMALL);
    assertThat(sent(client, Http2Frames.DATA).getLast().isEnd()).isTrue();
    client.pass(SLOW_SECONDS);
    assertThat(reset(client)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, SMALL, LARGE})
  void connection_thatTakesNothing_isClosed(int bytes) {
    SlowChannel client = connected(bytes, WIDE);
    client.takeAlways(false);
    ask(client, 1);
    client.pass(SLOW_SECONDS - 1);
    assertThat(client.isOpen()).isTrue();
    client.pass(3 * SLOW_SECONDS);
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void manyStreams_holdNoMoreThanAllMay() {
    Unread unread = new Unread(() -> 4 * LARGE);
    for (int i = 0; i < 3; i++) {
      SlowChannel client = connected(LARGE, 0, unread);
      for (int stream = 1; stream < 20; stream += 2) {
        ask(client, stream);
      }
      assertThat(client.isOpen()).isTrue();
    }
    int streams = 0;
    for (SlowChannel client : clients) {
      client.runPendingTasks();
      streams += 10 - reset(client).size();
      int before = data(client);
      send(client, Http2Frames.more(0, WIDE));
      for (int stream = 1; stream < 20; stream += 2) {
        send(client, Http2Frames.more(stream, WIDE));
      }
      assertThat(data(client) - before).isEqualTo((10 - reset(client).size()) * LARGE);
    }
    assertThat(streams).isBetween(3, 4);
  }

  @Test
  void manyStreams_ofAConnectionThatDoesNotEvenTakeAReset_areEndedWithIt() {
    Unread unread = new Unread(() -> 4 * LARGE);
    SlowChannel client = connected(LARGE, 0, unread);
    client.takeAlways(false);
    for (int stream = 1; stream < 20 && client.isOpen(); stream += 2) {
      ask(client, stream);
    }
    assertThat(client.isOpen()).isFalse();
    SlowChannel other = connected(3 * LARGE, 0, unread);
    ask(other, 1);
    other.pass(1);
    assertThat(reset(other)).as("what is gone counts no more").isEmpty();
  }

  /** Answers at once with letters. */
  private record Plain(int bytes) implements RequestSink {
    @Override
    public @Nullable Admitted admit(RequestHead head, EventLoop loop, Responder responder) {
      return new TakesBody(0) {
        @Override
        public @Nullable Running start(byte[] body, Responder to) {
          to.reply(200, new DefaultHttpHeaders(), Unpooled.wrappedBuffer(new byte[bytes]));
          return null;
        }
      };
    }

    @Override
    public void turnAway(
        RequestHead head, GatewayException why, EventLoop loop, Responder responder) {
      throw new AssertionError("turned away", why);
    }
  }
}
