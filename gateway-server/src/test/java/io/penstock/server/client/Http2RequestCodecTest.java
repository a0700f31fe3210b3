package io.penstock.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.server.client.Http2Frames.Frame;
import io.penstock.testkit.LeakCheck;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Heads of HTTP/2 that are too large: refused by who knows their dialect, and with a bound. */
@ExtendWith(LeakCheck.class)
class Http2RequestCodecTest {
  private static final int MAX_HEAD = 20_000;
  private static final int WIDE = 1 << 20;

  private final SlowChannel client = SlowChannel.create();
  private final List<String> told = new ArrayList<>();

  @BeforeEach
  void connect() {
    ClientLimits limits =
        new ClientLimits(9, MAX_HEAD, 10_000, 10_000, 75_000, 60_000, Long.MAX_VALUE);
    Unread unread = new Unread(() -> Long.MAX_VALUE);
    client.takeAlways(true);
    new ClientServer.Bounded(
            limits,
            new ClientServer.Shared(unread, new IdleConnections(), new AtomicBoolean()),
            new Told(told))
        .http2(client.pipeline());
    send(Http2Frames.preface(WIDE));
  }

  @AfterEach
  void end() {
    client.finishAndReleaseAll();
  }

  private void send(byte[] bytes) {
    client.writeInbound(Unpooled.wrappedBuffer(bytes));
    client.runPendingTasks();
  }

  /** Returns a head of so many bytes, as HTTP/2 counts them. */
  private static Http2Headers head(String method, int bytes) {
    return filled(
        new DefaultHttp2Headers().method(method).path("/p").scheme("https").authority("x"), bytes);
  }

  private static Http2Headers filled(Http2Headers head, int bytes) {
    int left = bytes - 33;
    for (var field : head) {
      left -= 32 + field.getKey().length() + field.getValue().length();
    }
    return head.set("l", "a".repeat(left));
  }

  private List<Frame> sent(int type) {
    return Http2Frames.frames(client.taken().getBytes(StandardCharsets.ISO_8859_1)).stream()
        .filter(frame -> frame.type() == type)
        .toList();
  }

  private String said(int stream) {
    StringBuilder said = new StringBuilder();
    for (Frame frame : sent(Http2Frames.DATA)) {
      if (frame.stream() == stream) {
        said.append(new String(frame.payload(), StandardCharsets.US_ASCII));
      }
    }
    return said.toString();
  }

  @Test
  void head_atTheLimit_isServed() {
    send(Http2Frames.head(1, head("GET", MAX_HEAD), true, true));
    assertThat(said(1)).isEqualTo("served");
  }

  @ParameterizedTest
  @ValueSource(ints = {MAX_HEAD + 1, 2 * MAX_HEAD})
  void head_overTheLimit_isTurnedAwayByItsPath_andTheConnectionGoesOn(int bytes) {
    send(Http2Frames.head(1, head("GET", bytes), true, true));
    assertThat(told).containsExactly("GET /p " + ErrorCode.HEADERS_TOO_LARGE);
    assertThat(said(1)).isEqualTo("turned away");
    send(Http2Frames.head(3, head("GET", 1000), true, true));
    assertThat(said(3)).isEqualTo("served");
    assertThat(sent(Http2Frames.RST_STREAM)).isEmpty();
  }

  @Test
  void head_overTheLimit_itsBodyIsReadAway_andResetsNothing() {
    send(Http2Frames.head(1, head("POST", MAX_HEAD + 1), true, false));
    assertThat(said(1)).isEqualTo("turned away");
    for (int i = 0; i < 200; i++) {
      send(Http2Frames.data(1, 16_000, i == 199));
    }
    assertThat(sent(Http2Frames.RST_STREAM)).isEmpty();
    assertThat(told).hasSize(1);
    client.pass(75);
    assertThat(client.isOpen()).as("no stream is left, so that it is idle").isFalse();
  }

  @Test
  void head_overTheLimit_whoseBodyNeverEnds_isResetWhenTheTimeOfABodyIsOver() {
    send(Http2Frames.head(1, head("POST", MAX_HEAD + 1), true, false));
    client.pass(9);
    assertThat(sent(Http2Frames.RST_STREAM)).isEmpty();
    client.pass(2);
    assertThat(sent(Http2Frames.RST_STREAM)).hasSize(1);
  }

  @Test
  void trailers_overTheLimit_areRefused() {
    send(Http2Frames.head(1, head("POST", 1000), true, false));
    send(Http2Frames.data(1, 10, false));
    send(Http2Frames.head(1, filled(new DefaultHttp2Headers(), MAX_HEAD + 1), true, true));
    assertThat(told).containsExactly("POST /p " + ErrorCode.HEADERS_TOO_LARGE);
    assertThat(said(1)).isEqualTo("refused");
  }

  @Test
  void head_overWhatIsRead_isRefusedByTheProtocolAlone_andTheConnectionGoesOn() {
    send(Http2Frames.head(1, head("GET", 2 * MAX_HEAD + 1), true, true));
    assertThat(sent(Http2Frames.HEADERS)).hasSize(1);
    assertThat(said(1)).isEmpty();
    assertThat(told).isEmpty();
    send(Http2Frames.head(3, head("GET", 1000), true, true));
    assertThat(said(3)).isEqualTo("served");
  }

  @Test
  void head_thatDoesNotEnd_isNotKeptBeyondItsBound() {
    send(Http2Frames.head(1, head("GET", 2 * MAX_HEAD * 5 / 4), false, true));
    assertThat(sent(Http2Frames.GOAWAY)).isEmpty();
    send(Http2Frames.head(3, head("GET", 1000), false, true));
    assertThat(sent(Http2Frames.GOAWAY)).hasSize(1);
    assertThat(client.isOpen()).isFalse();
    assertThat(told).isEmpty();
  }

  /** Serves, and notes what it turns away. */
  private record Told(List<String> told) implements RequestSink {
    private static void say(Responder to, String what) {
      to.reply(
          200, new DefaultHttpHeaders(), Unpooled.copiedBuffer(what, StandardCharsets.US_ASCII));
    }

    @Override
    public Admitted admit(RequestHead head, EventLoop loop, Responder responder) {
      return new TakesBody(1000) {
        @Override
        public @Nullable Running start(byte[] body, Responder to) {
          say(to, "served");
          return null;
        }

        @Override
        public void refuse(@Nullable GatewayException why, @Nullable Responder to) {
          if (why != null && to != null) {
            note(head, why);
            say(to, "refused");
          }
        }
      };
    }

    private void note(RequestHead head, GatewayException why) {
      told.add(head.method() + " " + head.path() + " " + why.code());
    }

    @Override
    public void turnAway(
        RequestHead head, GatewayException why, EventLoop loop, Responder responder) {
      note(head, why);
      say(responder, "turned away");
    }
  }
}
