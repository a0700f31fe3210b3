package io.penstock.bench;

/**
 * One scenario in one round.
 *
 * @param cpuMicros CPU of the target per completed request
 * @param residentKib memory of the target at the end
 */
record Measurement(
    String scenario, int round, LoadResult load, double cpuMicros, long residentKib) {
  static final String CSV_HEADER =
      "scenario,round,completed,failed,cpu_us,resident_kib,p50_us,p99_us,p999_us,"
          + "first_p50_us,first_p99_us,gap_p50_us,gap_p99_us";

  /** Loads a target once and measures. */
  static Measurement of(Scenario scenario, int round, Target target, Load load) {
    long before = target.meter().cpuNanos();
    LoadResult result = LoadGenerator.run(target.chat(), load.as(target.client()));
    double cpu = (target.meter().cpuNanos() - before) / 1000.0;
    return new Measurement(
        scenario.label(),
        round,
        result,
        cpu / Math.max(1, result.completed()),
        target.meter().residentKib());
  }

  long latency(double percentile) {
    return load.latency().getValueAtPercentile(percentile);
  }

  String csv() {
    return String.format(
        "%s,%d,%d,%d,%.1f,%d,%d,%d,%d,%d,%d,%d,%d",
        scenario,
        round,
        load.completed(),
        load.failed(),
        cpuMicros,
        residentKib,
        latency(50),
        latency(99),
        latency(99.9),
        load.firstToken().getValueAtPercentile(50),
        load.firstToken().getValueAtPercentile(99),
        load.gaps().getValueAtPercentile(50),
        load.gaps().getValueAtPercentile(99));
  }
}
