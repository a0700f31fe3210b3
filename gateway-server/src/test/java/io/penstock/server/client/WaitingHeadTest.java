package io.penstock.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.penstock.core.GatewayException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A request of which nobody can say at once whether it is accepted. */
class WaitingHeadTest {
  private final SlowChannel client = SlowChannel.create();
  private final Unsure sink = new Unsure();
  private final ClientServer.Bounded server = bounded();

  private ClientServer.Bounded bounded() {
    return new ClientServer.Bounded(
        new ClientLimits(9, 8192, 10_000, 10_000, 75_000, 60_000, Long.MAX_VALUE),
        new ClientServer.Shared(
            new Unread(() -> Long.MAX_VALUE), new IdleConnections(), new AtomicBoolean()),
        sink);
  }

  @BeforeEach
  void takes() {
    client.takeAlways(true);
  }

  @AfterEach
  void end() {
    client.finishAndReleaseAll();
  }

  private void send(String text) {
    send(text.getBytes(StandardCharsets.US_ASCII));
  }

  private void send(byte[] bytes) {
    client.writeInbound(Unpooled.wrappedBuffer(bytes));
    client.runPendingTasks();
  }

  private void known() {
    sink.until.complete(null);
    client.runPendingTasks();
  }

  private static String post(String path, String body) {
    return "POST "
        + path
        + " HTTP/1.1\r\nHost: x\r\nContent-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  @Test
  void body_thatCameMeanwhile_isTakenOnceTheHeadIs_andTheNextAfterIt() {
    server.http1(client.pipeline());
    send(post("/unsure", "one") + post("/sure", "two"));
    assertThat(client.taken()).isEmpty();
    assertThat(sink.bodies).isEmpty();
    assertThat(client.config().isAutoRead()).as("nobody's bytes are kept").isFalse();

    known();

    assertThat(client.config().isAutoRead()).isTrue();
    assertThat(sink.bodies).containsExactly("/unsure one", "/sure two");
    assertThat(client.taken()).contains("/unsure", "/sure");
  }

  @Test
  void headThatNobodyKnowsStill_isRefusedOnce_andTheNextIsServed() {
    server.http1(client.pipeline());
    send(post("/never", "one") + post("/sure", "two"));

    known();

    assertThat(sink.refused).containsExactly("/never");
    assertThat(client.config().isAutoRead()).isTrue();
    assertThat(sink.bodies).containsExactly("/sure two");
  }

  @Test
  void clientThatLeavesMeanwhile_isNotAskedAboutAgain() {
    server.http1(client.pipeline());
    send(post("/unsure", "one"));
    client.close();

    known();

    assertThat(sink.asked).containsExactly("/unsure");
    assertThat(sink.bodies).isEmpty();
  }

  @Test
  void streamsOfHttp2_withAndWithoutBody_areServedOnceTheyAre() {
    server.http2(client.pipeline());
    send(Http2Frames.preface(1 << 20));
    send(Http2Frames.head(1, head("GET", "/unsure"), true, true));
    send(Http2Frames.head(3, head("POST", "/unsure"), true, false));
    send(Http2Frames.data(3, 10, true));
    send(Http2Frames.head(5, head("GET", "/sure"), true, true));
    assertThat(sink.bodies).containsExactly("/sure ");

    known();

    assertThat(sink.bodies)
        .containsExactlyInAnyOrder("/sure ", "/unsure ", "/unsure " + "\0".repeat(10));
  }

  private static Http2Headers head(String method, String path) {
    return new DefaultHttp2Headers().method(method).path(path).scheme("https").authority("x");
  }

  /** Knows {@code /sure} at once, {@code /unsure} later, {@code /never} not even then. */
  private static final class Unsure implements RequestSink {
    private final CompletableFuture<Void> until = new CompletableFuture<>();
    private final List<String> asked = new ArrayList<>();
    private final List<String> bodies = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();

    private static void say(Responder to, String what) {
      to.reply(
          200, new DefaultHttpHeaders(), Unpooled.copiedBuffer(what, StandardCharsets.US_ASCII));
    }

    @Override
    public Admission admit(RequestHead head, EventLoop loop, Responder responder) {
      asked.add(head.path());
      boolean known =
          head.path().equals("/sure") || (head.path().equals("/unsure") && until.isDone());
      return known ? accepted(head) : later(head, responder);
    }

    private Later later(RequestHead head, Responder responder) {
      return new Later() {
        @Override
        public CompletionStage<?> until() {
          return until;
        }

        @Override
        public void refuse() {
          refused.add(head.path());
          say(responder, "refused");
        }
      };
    }

    private Admitted accepted(RequestHead head) {
      return new TakesBody(1000) {
        @Override
        public @Nullable Running start(byte[] body, Responder to) {
          bodies.add(head.path() + " " + new String(body, StandardCharsets.US_ASCII));
          say(to, head.path());
          return null;
        }
      };
    }

    @Override
    public void turnAway(
        RequestHead head, GatewayException why, EventLoop loop, Responder responder) {
      throw new AssertionError(why);
    }
  }
}
