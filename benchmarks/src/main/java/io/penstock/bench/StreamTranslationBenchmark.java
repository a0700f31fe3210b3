package io.penstock.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import io.penstock.providers.StreamReader;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One event of a stream from the provider's bytes to the client's; same dialect: spliced. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@NullUnmarked // JMH fills the fields before a benchmark runs
public class StreamTranslationBenchmark {
  private static final int EVENTS = 500;

  /** Who asks. */
  @Param({"CHAT", "RESPONSES", "MESSAGES", "GENERATE"})
  public Endpoint client;

  /** Who answers. */
  @Param({"OPENAI", "ANTHROPIC", "GEMINI", "BEDROCK", "COHERE"})
  public Dialect provider;

  private Attempt attempt;
  private ByteBuf[] events;

  /** Makes the stream, one piece for each event as providers send them. */
  @Setup
  public void make() {
    attempt = Dialogue.attempt(client, provider, true);
    byte[] stream = stream();
    events = new ByteBuf[EVENTS];
    for (int i = 0; i < EVENTS; i++) {
      int from = (int) ((long) stream.length * i / EVENTS);
      int to = (int) ((long) stream.length * (i + 1) / EVENTS);
      events[i] = Unpooled.directBuffer(to - from).writeBytes(stream, from, to - from);
    }
    if (!passes()) {
      throw new IllegalStateException(client + " from " + provider + ": the stream failed");
    }
  }

  private byte[] stream() {
    if (client == Endpoint.RESPONSES && provider == Dialect.OPENAI) {
      return Dialogue.responsesStream(EVENTS);
    }
    return client == Endpoint.MESSAGES && provider == Dialect.BEDROCK
        ? Dialogue.invokeStream(EVENTS)
        : Dialogue.stream(provider, EVENTS);
  }

  /** Gives the stream back. */
  @TearDown
  public void free() {
    for (ByteBuf event : events) {
      event.release();
    }
  }

  private boolean passes() {
    Client got = new Client();
    run(got);
    return got.failure == null && got.bytes > 0;
  }

  private void run(Client got) {
    ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
    try (StreamReader reader = attempt.streamReader(allocator, got)) {
      for (ByteBuf event : events) {
        reader.read(event.duplicate());
      }
      reader.end();
    }
  }

  /** Reads the whole stream. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long event() {
    Client got = new Client();
    run(got);
    return got.bytes;
  }

  /** Counts what would be sent. */
  private static final class Client implements StreamReader.Sink {
    private long bytes;
    private @Nullable Failure failure;

    @Override
    public void emit(ByteBuf event, boolean content) {
      bytes += event.readableBytes();
      event.release();
    }

    @Override
    public @Nullable String settle(AnswerSummary summary) {
      return null;
    }

    @Override
    public void fail(Failure why) {
      failure = why;
    }
  }
}
