package io.penstock.bench;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * One scenario in one round.
 *
 * @param cpuMicros CPU of the target per completed request
 * @param compilerMicros what a JVM's compilers took of that
 * @param residentKib memory of the target at the end
 * @param perSecond requests completed
 * @param told what the target's own metrics added; null when it has none
 */
record Measurement(
    String scenario,
    int round,
    LoadResult load,
    double cpuMicros,
    double compilerMicros,
    long residentKib,
    double perSecond,
    @Nullable Scrape told) {
  static final String CSV_HEADER =
      "scenario,round,completed,failed,cpu_us,compiler_us,resident_kib,p50_us,p99_us,p999_us,"
          + "first_p50_us,first_p99_us,gap_p50_us,gap_p99_us,"
          + "per_second,allocated_bytes,overhead_p50_us,overhead_p99_us";

  /** Loads a target once and measures. */
  static Measurement of(Scenario scenario, int round, Target target, Load load) {
    URI metrics = target.metrics();
    Scrape said = metrics == null ? null : Scrape.of(metrics);
    long before = target.meter().cpuNanos();
    long compiled = target.meter().compilerNanos();
    long start = System.nanoTime();
    LoadResult result = LoadGenerator.run(target.chat(), load.as(target.client()));
    double seconds = (System.nanoTime() - start) / 1e9;
    double cpu = (target.meter().cpuNanos() - before) / 1000.0;
    double compiling = (target.meter().compilerNanos() - compiled) / 1000.0;
    return new Measurement(
        scenario.label(),
        round,
        result,
        cpu / Math.max(1, result.completed()),
        Math.max(0, compiling) / Math.max(1, result.completed()),
        target.meter().residentKib(),
        result.completed() / seconds,
        metrics == null || said == null ? null : Scrape.of(metrics).since(said));
  }

  /** Returns the bytes of heap per completed request; 0 when the target does not tell. */
  double allocatedBytes() {
    return told == null ? 0 : told.allocated() / Math.max(1, load.completed());
  }

  /** Returns that percentile of the time in the gateway; 0 when the target does not tell. */
  double overheadMicros(double percentile) {
    return told == null ? 0 : told.overheadMicros(percentile / 100);
  }

  long latency(double percentile) {
    return load.latency().getValueAtPercentile(percentile);
  }

  String csv() {
    return String.format(
        "%s,%d,%d,%d,%.1f,%.1f,%d,%d,%d,%d,%d,%d,%d,%d,%.0f,%.0f,%.0f,%.0f",
        scenario,
        round,
        load.completed(),
        load.failed(),
        cpuMicros,
        compilerMicros,
        residentKib,
        latency(50),
        latency(99),
        latency(99.9),
        load.firstToken().getValueAtPercentile(50),
        load.firstToken().getValueAtPercentile(99),
        load.gaps().getValueAtPercentile(50),
        load.gaps().getValueAtPercentile(99),
        perSecond,
        allocatedBytes(),
        overheadMicros(50),
        overheadMicros(99));
  }
}
