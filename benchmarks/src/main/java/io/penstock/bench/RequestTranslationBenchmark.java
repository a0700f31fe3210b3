package io.penstock.bench;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A request of 20 kB from the client's bytes to the provider's; same dialect: spliced. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@NullUnmarked // JMH fills the fields before a benchmark runs
public class RequestTranslationBenchmark {
  /** Who asks. */
  @Param({"CHAT", "RESPONSES", "MESSAGES", "GENERATE"})
  public Endpoint client;

  /** Who answers. */
  @Param({"OPENAI", "ANTHROPIC", "GEMINI", "BEDROCK", "COHERE"})
  public Dialect provider;

  private byte[] body;

  /** Makes the client's bytes. */
  @Setup
  public void make() {
    body = Dialogue.body(client, false);
  }

  /** Reads the client's body and writes the provider's. */
  @Benchmark
  public byte[] request() {
    return Dialogue.attempt(client, provider, false, body).request().body();
  }
}
