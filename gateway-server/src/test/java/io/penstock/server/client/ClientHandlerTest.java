package io.penstock.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.penstock.core.GatewayException;
import io.penstock.testkit.LeakCheck;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers that are complete here while their client still takes them. */
@ExtendWith(LeakCheck.class)
class ClientHandlerTest {
  private static final int IDLE_SECONDS = 75;
  private static final int STALLED_SECONDS = 60;
  private static final int BODY_SECONDS = 60;
  private static final int HEAD_SECONDS = 10;

  /** Stays below the high-water mark of 128 KiB. */
  private static final int SMALL = 100_000;

  private static final int LARGE = 2_000_000;

  /** Letters of an answer that breaks off. */
  private static final int CUT = 7;

  private static final int MAX_HEAD = 64 * 1024;

  /** What is kept of what a client sends ahead, but for the message that goes beyond it. */
  private static final int MAX_AHEAD = 256 * 1024;

  private final SlowChannel client = SlowChannel.create();
  private final Deque<Responder> held = new ArrayDeque<>();

  @AfterEach
  void end() {
    client.finishAndReleaseAll();
  }

  private void serve(int answerBytes) {
    ClientLimits limits =
        new ClientLimits(
            1,
            8192,
            HEAD_SECONDS * 1000L,
            BODY_SECONDS * 1000L,
            IDLE_SECONDS * 1000L,
            STALLED_SECONDS * 1000L,
            Long.MAX_VALUE);
    StrictRequestDecoder decoder =
        new StrictRequestDecoder(new HttpDecoderConfig().setMaxHeaderSize(MAX_HEAD));
    client.with(
        decoder,
        new HttpResponseEncoder(),
        new StalledClient(limits.stalledMillis(), new Unread(limits::unreadBytes)),
        new ClientHandler(client, new Letters(answerBytes, held), limits, decoder, null));
  }

  private static String get(String path) {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
  }

  private void drain() {
    client.pipeline().fireUserEventTriggered(ClientServer.Drain.EVENT);
    client.runPendingTasks();
  }

  private static int letters(String text) {
    return (int) text.chars().filter(c -> c == 'z').count();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/unary", "/stream"})
  void slowReader_longerThanIdleAndSlowTime_getsAll_thenIdleCounts(String path) {
    serve(LARGE);
    client.send(get(path));
    for (int i = 0; i < 50; i++) {
      client.pass(STALLED_SECONDS / 2);
      client.take(1);
      assertThat(client.isOpen()).as("after %s pieces", i).isTrue();
    }
    assertThat(letters(client.taken())).isPositive().isLessThan(LARGE);
    client.takeAll();
    assertThat(letters(client.taken())).isEqualTo(LARGE);
    client.pass(IDLE_SECONDS - 1);
    assertThat(client.isOpen()).isTrue();
    client.pass(1);
    assertThat(client.isOpen()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/unary", "/stream"})
  void slowReader_ofTheLastBytes_isNotIdle(String path) {
    serve(SMALL);
    client.send(get(path));
    assertThat(client.isWritable()).isTrue();
    for (int i = 0; i < 5; i++) {
      client.pass(STALLED_SECONDS - 1);
      client.take(1);
    }
    assertThat(client.isOpen()).isTrue();
    client.takeAll();
    assertThat(letters(client.taken())).isEqualTo(SMALL);
  }

  @ParameterizedTest
  @ValueSource(ints = {SMALL, LARGE})
  void reader_takesNothing_isGivenUp(int bytes) {
    serve(bytes);
    client.send(get("/unary"));
    client.take(1);
    client.pass(STALLED_SECONDS - 1);
    assertThat(client.isOpen()).isTrue();
    client.pass(2 * STALLED_SECONDS);
    assertThat(client.isOpen()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/unary", "/stream"})
  void drain_answerStillTaken_closesBehindIt(String path) {
    serve(LARGE);
    client.send(get(path));
    drain();
    assertThat(client.isOpen()).isTrue();
    client.pass(STALLED_SECONDS / 2);
    client.take(3);
    assertThat(client.isOpen()).isTrue();
    client.takeAll();
    assertThat(letters(client.taken())).isEqualTo(LARGE);
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void drain_requestsAhead_theNextSaysThatItIsTheLast() {
    serve(LARGE);
    client.send(get("/unary") + get("/unary") + get("/unary"));
    client.take(1);
    drain();
    assertThat(client.isOpen()).isTrue();
    client.takeAll();
    assertThat(letters(client.taken())).isEqualTo(2 * LARGE);
    assertThat(client.taken()).containsIgnoringCase("connection: close");
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void drain_requestWhileTheLastAnswerIsTaken_isAnsweredAndTheLast() {
    serve(SMALL);
    client.send(get("/unary"));
    drain();
    client.send(get("/stream"));
    assertThat(client.isOpen()).isTrue();
    client.takeAll();
    assertThat(letters(client.taken())).isEqualTo(2 * SMALL);
    assertThat(client.taken()).containsOnlyOnce("connection: close");
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void drain_answeredBeforeTheBodyIsThere_closesAfterBoth() {
    serve(SMALL);
    client.send("POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n12");
    drain();
    client.takeAll();
    assertThat(letters(client.taken())).isEqualTo(SMALL);
    client.send("34");
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void drain_nothingToTake_closesAtOnce() {
    serve(SMALL);
    client.send(get("/unary"));
    client.takeAll();
    assertThat(client.isOpen()).isTrue();
    drain();
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void abort_earlierAnswersStillTaken_closesBehindThem() {
    serve(SMALL);
    client.send(get("/unary") + get("/abort"));
    assertThat(client.isOpen()).isTrue();
    client.takeAll();
    assertThat(letters(client.taken())).isEqualTo(SMALL + CUT);
    assertThat(client.taken()).endsWith("z\r\n");
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void abort_nothingIsTaken_isGivenUp() {
    serve(SMALL);
    client.send(get("/unary") + get("/abort"));
    client.pass(2 * STALLED_SECONDS);
    assertThat(client.isOpen()).isFalse();
  }

  private static String early(long bodyBytes) {
    return "POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: " + bodyBytes + "\r\n\r\n";
  }

  @Test
  void earlyAnswer_bodyNeverComes_closesBehindWhatIsTaken() {
    serve(SMALL);
    client.send(get("/unary") + early(4) + "12");
    client.pass(BODY_SECONDS / 2);
    client.take(1);
    client.pass(BODY_SECONDS / 2 + 1);
    assertThat(client.isOpen()).isTrue();
    client.send("34");
    client.takeAll();
    assertThat(letters(client.taken())).isEqualTo(2 * SMALL);
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void earlyAnswer_bodyWithoutEnd_closesBehindWhatIsTaken() {
    serve(SMALL);
    client.send(get("/unary") + early(1L << 40));
    String piece = "x".repeat(1 << 20);
    for (int i = 0; i <= 256; i++) {
      client.send(piece);
    }
    assertThat(client.config().isAutoRead()).as("no more of it is read").isFalse();
    assertThat(client.isOpen()).isTrue();
    client.takeAll();
    assertThat(letters(client.taken())).isEqualTo(2 * SMALL);
    assertThat(client.isOpen()).isFalse();
  }

  private static final String CHUNKED =
      " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

  @Test
  void earlyAnswer_bodyFramedBadly_whatIsBehindIsReadAwayForATime() {
    serve(SMALL);
    client.send("POST /early" + CHUNKED);
    client.takeAll();
    client.pass(1);
    client.send("zz\r\nxx\r\n" + get("/unary"));
    client.takeAll();
    assertThat(client.isOpen()).isTrue();
    client.pass(BODY_SECONDS);
    assertThat(client.isOpen()).isFalse();
    assertThat(letters(client.taken())).isEqualTo(SMALL);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /unary HTTP/1.1\r\nX: LONG",
        "POST /unary" + CHUNKED + "5;LONG",
        "POST /unary" + CHUNKED + "0\r\nX: LONG",
        "GET /unary HTTP/1.1\r\n\r\n"
      })
  void unreadable_theRestIsReadAway_upToTheBoundOfBytes(String request) {
    serve(SMALL);
    client.send(request.replace("LONG", "a".repeat(2 * MAX_HEAD)));
    client.takeAll();
    assertThat(client.taken()).startsWith("HTTP/1.1 400").contains("connection: close");
    client.send(get("/unary"));
    byte[] piece = new byte[16 << 20];
    int sent = 0;
    while (client.isOpen()) {
      assertThat(sent++).isLessThan(17);
      client.writeInbound(Unpooled.wrappedBuffer(piece));
    }
    assertThat(sent).as("till then it may read the answer").isGreaterThan(15);
    client.takeAll();
    assertThat(client.taken()).containsOnlyOnce("HTTP/1.1");
  }

  @Test
  void unreadable_theRestIsReadAway_upToTheBoundOfTime() {
    serve(SMALL);
    client.send("POST /unary" + CHUNKED + "5;" + "a".repeat(2 * MAX_HEAD));
    client.takeAll();
    client.pass(BODY_SECONDS - 1);
    assertThat(client.isOpen()).isTrue();
    client.pass(2);
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void unreadable_behindAnAnswerThatIsHeld_isAnsweredAfterIt() {
    serve(SMALL);
    client.send(get("/held") + "GET /unary HTTP/1.1\r\n\r\n" + get("/unary"));
    held.remove().reply(200, new DefaultHttpHeaders(), Letters.letters(CUT));
    client.takeAll();
    assertThat(client.taken()).containsSubsequence("200 OK", "zz", "400 Bad");
    assertThat(letters(client.taken())).isEqualTo(CUT);
    client.pass(BODY_SECONDS + 1);
    assertThat(client.isOpen()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void earlyAnswer_lastOfItsConnection_closesBehindTheBody(boolean draining) {
    serve(SMALL);
    if (draining) {
      client.send("GE");
      drain();
      client.send("T");
    }
    String close = draining ? "" : "Connection: close\r\n";
    client.send(
        (draining ? "" : "GET")
            + " /early HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
            + close
            + "\r\n12");
    client.takeAll();
    assertThat(letters(client.taken())).isEqualTo(SMALL);
    assertThat(client.taken()).contains("connection: close");
    assertThat(client.isOpen()).as("its body would meet a reset").isTrue();
    client.send("34" + get("/unary"));
    assertThat(client.isOpen()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void drain_headBegun_isAnsweredAndTheLast(boolean served) {
    serve(SMALL);
    if (served) {
      client.send(get("/unary"));
      client.takeAll();
      client.pass(IDLE_SECONDS - 1);
    }
    String request = get("/unary");
    client.send(request.substring(0, 9));
    drain();
    client.pass(HEAD_SECONDS - 1);
    assertThat(client.isOpen()).isTrue();
    client.send(request.substring(9));
    client.takeAll();
    assertThat(letters(client.taken())).isEqualTo(served ? 2 * SMALL : SMALL);
    assertThat(client.taken()).containsOnlyOnce("connection: close");
    assertThat(client.isOpen()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void drain_headBegunThatNeverEnds_isWaitedForNoLongerThanForAHead(boolean served) {
    serve(SMALL);
    if (served) {
      client.send(get("/unary"));
      client.takeAll();
      client.pass(5);
    }
    client.send("GET /un");
    drain();
    client.pass(HEAD_SECONDS - 1);
    assertThat(client.isOpen()).isTrue();
    client.pass(2);
    client.takeAll();
    assertThat(client.taken()).contains("HTTP/1.1 400");
    assertThat(client.isOpen()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, IDLE_SECONDS - 1})
  void headBegun_onAConnectionThatWasKept_hasTheTimeOfAHeadFromItsFirstByte(int idleSeconds) {
    serve(CUT);
    client.takeAlways(true);
    client.send(get("/unary"));
    client.pass(idleSeconds);
    client.send("GET /un");
    client.pass(HEAD_SECONDS / 2);
    client.send("ary HTTP/1.1\r\n");
    client.pass(HEAD_SECONDS / 2 - 1);
    assertThat(client.taken()).doesNotContain("HTTP/1.1 400");
    assertThat(client.isOpen()).isTrue();
    client.pass(1);
    assertThat(client.taken()).contains("HTTP/1.1 400");
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void headBegun_whileTheRequestBeforeItIsAnswered_hasItsTimeFromThen() {
    serve(CUT);
    client.takeAlways(true);
    client.send(get("/held") + "GET /un");
    client.pass(5 * HEAD_SECONDS);
    held.remove().reply(200, new DefaultHttpHeaders(), Letters.letters(CUT));
    client.pass(HEAD_SECONDS - 1);
    assertThat(client.isOpen()).isTrue();
    assertThat(client.taken()).doesNotContain("HTTP/1.1 400");
    client.pass(1);
    assertThat(client.taken()).contains("HTTP/1.1 400");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\r\n", "\n", "\r\n\r\n", "\r"})
  void emptyLines_behindARequest_areNoHead(String lines) {
    serve(CUT);
    client.takeAlways(true);
    client.send(get("/unary") + lines);
    client.send(lines);
    client.pass(HEAD_SECONDS + 1);
    assertThat(client.isOpen()).isTrue();
    client.send(get("/unary") + lines);
    assertThat(letters(client.taken())).isEqualTo(2 * CUT);
    drain();
    assertThat(client.isOpen()).isFalse();
    assertThat(client.taken()).doesNotContain("HTTP/1.1 400");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1000, 60_000})
  void sentAhead_whileAnAnswerIsHeld_isReadUpToABound_andAllOfItAnsweredInOrder(int headBytes) {
    serve(SMALL);
    client.send(get("/held"));
    int sent = 0;
    int before = 0;
    while (client.config().isAutoRead()) {
      assertThat(before).as("bytes of %s requests", sent).isLessThan(MAX_AHEAD);
      assertThat(sent).isLessThan(1000);
      String request = echo(sent++, headBytes);
      before += request.length();
      client.send(request);
    }
    held.remove().reply(200, new DefaultHttpHeaders(), Letters.letters(CUT));
    client.takeAll();
    assertThat(client.config().isAutoRead()).as("reads on").isTrue();
    client.send(echo(sent++, headBytes));
    client.takeAll();
    StringBuilder expected = new StringBuilder("z".repeat(CUT));
    for (int i = 0; i < sent; i++) {
      expected.append("/echo/").append(i).append(';');
    }
    assertThat(client.taken().replaceAll("(?s)HTTP/1.1 200 OK.*?\r\n\r\n", ""))
        .isEqualTo(expected.toString());
  }

  private static String echo(int number, int headBytes) {
    String large = "X-Large: " + "a".repeat(headBytes) + "\r\n";
    return "GET /echo/" + number + "; HTTP/1.1\r\nHost: x\r\n" + large + "\r\n";
  }

  /** Nothing is told to who holds an answer. */
  private record Untold() implements Running {
    @Override
    public void clientGone() {}

    @Override
    public void writabilityChanged(boolean writable) {}
  }

  /** Answers every request with many letters: at once, as a stream, or before its body. */
  private record Letters(int bytes, Deque<Responder> held) implements RequestSink {
    @Override
    public @Nullable Admitted admit(RequestHead head, EventLoop loop, Responder responder) {
      if (head.path().equals("/early")) {
        responder.reply(200, new DefaultHttpHeaders(), letters(bytes));
        return null;
      }
      return new TakesBody(1000) {
        @Override
        public @Nullable Running start(byte[] body, Responder to) {
          if (head.path().equals("/held")) {
            held.add(to);
            return new Untold();
          }
          answer(head.path(), to);
          return null;
        }

        @Override
        public void refuse(@Nullable GatewayException why, @Nullable Responder to) {
          if (to != null) {
            to.reply(400, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
          }
        }
      };
    }

    private void answer(String path, Responder to) {
      if (path.startsWith("/echo/")) {
        to.reply(
            200,
            new DefaultHttpHeaders(),
            ByteBufUtil.writeAscii(UnpooledByteBufAllocator.DEFAULT, path));
        return;
      }
      if (path.equals("/unary")) {
        to.reply(200, new DefaultHttpHeaders(), letters(bytes));
        return;
      }
      to.head(200, new DefaultHttpHeaders());
      if (path.equals("/abort")) {
        to.write(letters(CUT));
        to.abort();
        return;
      }
      for (int left = bytes; left > 0; left -= Math.min(left, 5000)) {
        to.write(letters(Math.min(left, 5000)));
        to.flush();
      }
      to.end();
    }

    private static ByteBuf letters(int count) {
      return Unpooled.copiedBuffer("z".repeat(count), StandardCharsets.US_ASCII);
    }

    @Override
    public void turnAway(
        RequestHead head, GatewayException why, EventLoop loop, Responder responder) {
      responder.reply(400, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
    }
  }
}
