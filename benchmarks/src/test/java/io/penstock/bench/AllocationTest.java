package io.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Bytes allocated per operation do not grow unnoticed: they do not depend on the machine. */
final class AllocationTest {
  @ParameterizedTest
  @CsvSource({"PriceBenchmark.cost, 700", "PriceBenchmark.bound, 3000"})
  void perOperation_isWithinItsBudget(String benchmark, double bytes) throws RunnerException {
    Options options =
        new OptionsBuilder()
            .include(benchmark)
            .forks(0)
            .warmupIterations(2)
            .measurementIterations(2)
            .warmupTime(TimeValue.milliseconds(300))
            .measurementTime(TimeValue.milliseconds(300))
            .verbosity(VerboseMode.SILENT)
            .addProfiler(GCProfiler.class)
            .build();

    Collection<RunResult> results = new Runner(options).run();

    assertThat(results).isNotEmpty();
    for (RunResult result : results) {
      Result<?> allocated = result.getSecondaryResults().get("gc.alloc.rate.norm");
      assertThat(allocated).isNotNull();
      assertThat(allocated.getScore()).as(benchmark + ": bytes per operation").isLessThan(bytes);
    }
  }
}
