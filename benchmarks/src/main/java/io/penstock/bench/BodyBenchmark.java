package io.penstock.bench;

import io.penstock.core.body.BodyPatch;
import io.penstock.core.body.RequestBody;
import java.nio.charset.StandardCharsets;
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

/** Reading a request body's fields, and splicing the target's model name into it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@NullUnmarked // JMH fills the fields before a benchmark runs
public class BodyBenchmark {
  /** Bytes of the body. */
  @Param({"1000", "23000", "100000"})
  public int bytes;

  private byte[] body;

  /** Makes the body. */
  @Setup
  public void make() {
    String turn = "{\"role\":\"user\",\"content\":\"" + "lorem ipsum ".repeat(30) + "\"},";
    String turns = turn.repeat(Math.max(1, bytes / turn.length()));
    body =
        ("{\"model\":\"gpt\",\"stream\":false,\"messages\":["
                + turns.substring(0, turns.length() - 1)
                + "]}")
            .getBytes(StandardCharsets.UTF_8);
  }

  /** Finds the fields. */
  @Benchmark
  public RequestBody read() {
    return RequestBody.parse(body);
  }

  /** Finds the fields and replaces the model. */
  @Benchmark
  public byte[] splice() {
    return new BodyPatch(RequestBody.parse(body)).setText("model", "gpt-4o-mini").apply();
  }
}
