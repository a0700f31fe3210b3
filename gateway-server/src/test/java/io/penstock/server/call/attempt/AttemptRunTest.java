package io.penstock.server.call.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultEventLoop;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Closing;
import io.penstock.providers.Failure;
import io.penstock.providers.StreamReader;
import io.penstock.providers.UnaryReader;
import io.penstock.providers.UpstreamRequest;
import io.penstock.server.call.Guard;
import io.penstock.server.call.LoopContext;
import io.penstock.server.call.NoLedger;
import io.penstock.server.call.Parts;
import io.penstock.testkit.FakeTicker;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How an attempt ends whose reader has a defect: once, whatever the reader throws. */
class AttemptRunTest {
  private static final byte LAST_EVENT = 2;

  private final FakeTicker ticker = FakeTicker.at("2026-11-21T12:00:00Z");
  private final DefaultEventLoop loop = new DefaultEventLoop();
  private final Told told = new Told();

  @AfterEach
  void stop() {
    loop.shutdownGracefully();
  }

  private AttemptRun run(boolean stream, Defective attempt) {
    LoopContext context = Parts.context(loop, ticker, new NoLedger());
    Guard guard = new Guard(Parts.call(context, Endpoint.CHAT, ""), why -> told.all.add("broken"));
    AttemptRun run =
        new AttemptRun(
            context,
            Parts.target(ticker),
            attempt,
            stream,
            System.nanoTime(),
            new Watched(told, guard));
    String type = stream ? "text/event-stream" : "application/json";
    run.onHead(
        200, DefaultHttpHeadersFactory.headersFactory().newHeaders().set("content-type", type));
    run.onData(Unpooled.EMPTY_BUFFER);
    return run;
  }

  @Test
  void whole_readerThrows_failsOnce() {
    run(false, new Defective(false)).onEnd();
    assertThat(told.all).containsExactly("failed MALFORMED");
  }

  @Test
  void stream_readerThrowsAtTheEnd_failsOnce() {
    run(true, new Defective(false)).onEnd();
    assertThat(told.all).containsExactly("failed MALFORMED");
  }

  @Test
  void stream_readerThrowsWhenItIsCut_failsOnce() {
    run(true, new Defective(false)).onFailure(FailureKind.CUT, "the connection was closed");
    assertThat(told.all).containsExactly("failed MALFORMED");
  }

  @Test
  void stream_readerThrowsBehindTheSettlement_endsAsSettled() {
    run(true, new Defective(true)).onEnd();
    assertThat(told.all).containsExactly("settled", "ended");
  }

  @Test
  void stream_readerThrowsWhileItReads_failsOnce() {
    Defective attempt = new Defective(false);
    AttemptRun run = run(true, attempt);
    run.onData(Unpooled.wrappedBuffer(new byte[] {1}));
    run.onEnd();
    assertThat(told.all).containsExactly("failed MALFORMED");
  }

  @Test
  void stream_settledBeforeItsMessageEnds_endsOnce_withTheReadThatSettledIt() {
    AttemptRun run = run(true, new Defective(true));
    run.onData(Unpooled.wrappedBuffer(new byte[] {LAST_EVENT}));
    assertThat(told.all).containsExactly("settled");
    run.onReadComplete();
    assertThat(told.all).containsExactly("settled", "ended");
    run.onData(Unpooled.wrappedBuffer(new byte[] {LAST_EVENT}));
    run.onFailure(FailureKind.IDLE_TIMEOUT, "silent");
    run.onEnd();
    assertThat(told.all).containsExactly("settled", "ended");
  }

  @Test
  void owner_throws_isToldSoOnce() {
    told.throwing = true;
    AttemptRun run = run(false, new Defective(false));
    run.onEnd();
    run.timeOutFirstToken("late");
    assertThat(told.all).containsExactly("failed MALFORMED", "broken");
  }

  @Test
  void run_throwsWhileItTakesTheAnswer_failsOnce() {
    AttemptRun run = run(true, new Defective(false));
    run.onBroken(new StackOverflowError("in a reader"));
    run.onEnd();
    assertThat(told.all).containsExactly("failed MALFORMED");
  }

  /** Its readers throw; that of a stream may settle before. */
  private record Defective(boolean settles) implements Attempt {
    @Override
    public UpstreamRequest request() {
      throw new IllegalStateException("it is not sent");
    }

    @Override
    public List<String> dropped() {
      return List.of();
    }

    @Override
    public UnaryReader unaryReader(ByteBufAllocator allocator) {
      return (headers, body) -> {
        throw new IndexOutOfBoundsException("in a reader");
      };
    }

    @Override
    public StreamReader streamReader(ByteBufAllocator allocator, StreamReader.Sink sink) {
      return new DefectiveStream(sink, settles);
    }
  }

  private record DefectiveStream(Sink sink, boolean settles) implements StreamReader {
    @Override
    public void read(ByteBuf chunk) {
      if (chunk.isReadable() && chunk.getByte(0) == LAST_EVENT) {
        sink.settle(AnswerSummary.NONE);
      } else if (chunk.isReadable()) {
        throw new IndexOutOfBoundsException("in a reader");
      }
    }

    @Override
    public void end() {
      if (settles) {
        sink.settle(AnswerSummary.NONE);
      }
      throw new IndexOutOfBoundsException("in a reader");
    }

    @Override
    public AnswerSummary summary() {
      return AnswerSummary.NONE;
    }

    @Override
    public long relayedBytes() {
      return 0;
    }

    @Override
    public CharSequence relayedText() {
      return "";
    }

    @Override
    public ByteBuf closing(Closing how, @Nullable String penstock) {
      return Unpooled.EMPTY_BUFFER;
    }

    @Override
    public void close() {}
  }

  private static final class Told implements AttemptListener {
    final List<String> all = new ArrayList<>();
    boolean throwing;

    @Override
    public void onStreamBytes(AttemptRun attempt, ByteBuf bytes, boolean content) {
      bytes.release();
      all.add("bytes");
    }

    @Override
    public @Nullable String onStreamSettle(AttemptRun attempt, AnswerSummary summary) {
      all.add("settled");
      return null;
    }

    @Override
    public void onStreamEnd(AttemptRun attempt) {
      all.add("ended");
    }

    @Override
    public void onAnswer(AttemptRun attempt, Answer answer) {
      answer.body().release();
      all.add("answer");
    }

    @Override
    public void onReadComplete(AttemptRun attempt) {}

    @Override
    public void onFailed(AttemptRun attempt, Failure failure) {
      all.add("failed " + failure.kind());
      if (throwing) {
        throw new IndexOutOfBoundsException("in the owner");
      }
    }
  }
}
