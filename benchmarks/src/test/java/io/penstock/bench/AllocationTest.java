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
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Bytes allocated per operation do not grow unnoticed: they do not depend on the machine. */
final class AllocationTest {
  @ParameterizedTest
  @CsvSource({
    "PriceBenchmark.cost, 700, ''",
    "PriceBenchmark.bound, 3000, ''",
    "DecisionBenchmark.decide, 8000, dynamic=64 strategy=cost",
    "StreamTranslationBenchmark.event, 1000, client=CHAT provider=OPENAI",
    "StreamTranslationBenchmark.event, 1400, client=MESSAGES provider=OPENAI"
  })
  void perOperation_isWithinItsBudget(String benchmark, double bytes, String parameters)
      throws RunnerException {
    ChainedOptionsBuilder chosen = new OptionsBuilder();
    for (String parameter : parameters.isEmpty() ? new String[0] : parameters.split(" ", -1)) {
      int equals = parameter.indexOf('=');
      chosen.param(parameter.substring(0, equals), parameter.substring(equals + 1));
    }
    Options options =
        chosen
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
