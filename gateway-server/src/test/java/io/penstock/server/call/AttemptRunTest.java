package io.penstock.server.call;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultEventLoop;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.resolver.DefaultAddressResolverGroup;
import io.penstock.core.Dialect;
import io.penstock.core.FailureKind;
import io.penstock.core.price.PriceBook;
import io.penstock.core.route.AttemptPolicy;
import io.penstock.ledger.Charge;
import io.penstock.ledger.Intent;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.LedgerWriter;
import io.penstock.ledger.RequestIds;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import io.penstock.providers.StreamReader;
import io.penstock.providers.Target;
import io.penstock.providers.UnaryReader;
import io.penstock.providers.UpstreamRequest;
import io.penstock.providers.dialect.Providers;
import io.penstock.server.upstream.Origin;
import io.penstock.server.upstream.Timeouts;
import io.penstock.server.upstream.Transport;
import io.penstock.server.upstream.UpstreamPool;
import io.penstock.testkit.FakeTicker;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How an attempt ends whose reader has a defect: once, whatever the reader throws. */
class AttemptRunTest {
  private final FakeTicker ticker = FakeTicker.at("2026-11-21T12:00:00Z");
  private final DefaultEventLoop loop = new DefaultEventLoop();
  private final Told told = new Told();

  @AfterEach
  void stop() {
    loop.shutdownGracefully();
  }

  private AttemptRun run(boolean stream, Defective attempt) {
    LoopContext context =
        new LoopContext(
            loop,
            new UpstreamPool(loop, Transport.NIO, DefaultAddressResolverGroup.INSTANCE),
            new NoLedger(),
            new RequestIds(ticker, new SplittableRandom(1)),
            query -> new CompletableFuture<>(),
            new LoopPressure(ticker, Runnable::run));
    AttemptRun run = new AttemptRun(context, target(), attempt, stream, System.nanoTime(), told);
    String type = stream ? "text/event-stream" : "application/json";
    run.onHead(
        200, DefaultHttpHeadersFactory.headersFactory().newHeaders().set("content-type", type));
    run.onData(Unpooled.EMPTY_BUFFER);
    return run;
  }

  private TargetRuntime target() {
    ProviderRuntime provider =
        new ProviderRuntime(
            "fake",
            Dialect.OPENAI,
            Providers.of(Dialect.OPENAI),
            new Origin("127.0.0.1", 1, null, null),
            URI.create("http://127.0.0.1:1"),
            new Timeouts(1, 1, 1, 1),
            new KeySpread(List.of(), ticker),
            "",
            Map.of(),
            false,
            AttemptPolicy.DEFAULT,
            0,
            Map.of());
    PriceBook book =
        PriceBook.of(PriceBook.bundled(), List.of(), List.of(), PriceBook.Unknown.FREE);
    return new TargetRuntime(
        "fake/m",
        provider,
        new Target("fake", Dialect.OPENAI, "m", "", Map.of()),
        book.free("m"),
        Map.of(),
        Map.of(),
        false,
        "m");
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
  void owner_throws_isToldSoOnce() {
    told.throwing = true;
    AttemptRun run = run(false, new Defective(false));
    run.onEnd();
    run.timeOutFirstToken("late");
    assertThat(told.all).containsExactly("failed MALFORMED", "broken");
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
      if (chunk.isReadable()) {
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
    public ByteBuf closing(@Nullable String finish, String message, @Nullable String penstock) {
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

    @Override
    public void onBroken(AttemptRun attempt, Throwable why) {
      all.add("broken");
    }
  }

  private static final class NoLedger implements LedgerWriter {
    @Override
    public boolean intent(Intent intent) {
      return true;
    }

    @Override
    public void extend(UUID row, long bound, List<Charge> holds) {}

    @Override
    public boolean row(LedgerRow row) {
      return true;
    }
  }
}
