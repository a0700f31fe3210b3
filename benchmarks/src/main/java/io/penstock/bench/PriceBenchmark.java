package io.penstock.bench;

import io.penstock.core.price.Meter;
import io.penstock.core.price.PriceBook;
import io.penstock.core.price.PricedModel;
import io.penstock.core.price.Usage;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What pricing costs one attempt: the bound before it, the cost after it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PriceBenchmark {
  private static final long AT = 1_795_262_400_000L;
  private static final Set<String> NO_TIERS = Set.of();

  private final PricedModel model =
      PriceBook.of(PriceBook.bundled(), List.of(), List.of(), PriceBook.Unknown.DENY)
          .price("openai", "gpt-5.5", "openai/gpt-5.5", "");
  private final Usage usage =
      Usage.builder()
          .set(Meter.INPUT, 1_234)
          .set(Meter.CACHE_READ, 20_000)
          .set(Meter.OUTPUT, 456)
          .build();

  /** The cost of a usage of three meters. */
  @Benchmark
  public long cost() {
    return model.costNanos(usage, AT);
  }

  /** The worst case in the standard tier. */
  @Benchmark
  public long bound() {
    return model.boundNanos(21_234, 4_096, Usage.NONE, NO_TIERS, AT);
  }
}
