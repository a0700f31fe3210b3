package io.penstock.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Writes RESULTS.md and the raw data: medians over the rounds, and ratios within this run only. */
final class Report {
  private final List<Measurement> measurements = new ArrayList<>();
  private final List<String> skipped = new ArrayList<>();
  private final String method;

  Report(String method) {
    this.method = method;
  }

  void add(Measurement measurement) {
    measurements.add(measurement);
  }

  void skip(String scenario, String why) {
    skipped.add("- `" + scenario + "` skipped: " + why);
  }

  /** Writes both files into the folder. */
  void write(Path folder, List<Scenario> scenarios) throws IOException {
    StringBuilder csv = new StringBuilder(Measurement.CSV_HEADER).append('\n');
    measurements.forEach(m -> csv.append(m.csv()).append('\n'));
    Files.writeString(folder.resolve("results.csv"), csv);
    Files.writeString(folder.resolve("RESULTS.md"), markdown(scenarios));
  }

  String markdown(List<Scenario> scenarios) {
    StringBuilder text = new StringBuilder("# Results\n\n").append(method).append("\n\n");
    text.append(
        "| scenario | per second | CPU/request us | of these compiling | ratio | p50 us | p99 us |"
            + " added p99 us | p99.9 us | first token p50/p99 us | gap p99 us | in the gateway"
            + " p50/p99 us | allocated/request kB | memory MiB | failed |\n"
            + "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (Scenario scenario : scenarios) {
      List<Measurement> own = of(scenario.label());
      if (!own.isEmpty()) {
        text.append(row(scenario, own, of(scenario.baseline()))).append('\n');
      }
    }
    text.append(
        "\nRatio and added p99 are against nginx in the same run, streams against nginx with"
            + " streams. CPU of 01 and 07-stream-no-gateway is the mock provider's own. Time in"
            + " the gateway is its own `penstock_overhead_seconds`, interpolated.\n");
    if (!skipped.isEmpty()) {
      text.append('\n').append(String.join("\n", skipped)).append('\n');
    }
    return text.append("\nEvery round is in `results.csv`.\n").toString();
  }

  private static String row(Scenario scenario, List<Measurement> own, List<Measurement> baseline) {
    long failed = own.stream().mapToLong(m -> m.load().failed()).sum();
    if (own.stream().allMatch(m -> m.load().completed() == 0)) {
      return "| "
          + scenario.label()
          + " | none answered | | | | | | | | | | | | | "
          + failed
          + " |";
    }
    double cpu = median(own, Measurement::cpuMicros);
    double p99 = median(own, m -> m.latency(99));
    boolean comparable = !baseline.isEmpty() && !scenario.program().isEmpty();
    boolean streams = scenario.kind().streaming;
    boolean tells = own.stream().allMatch(m -> m.told() != null);
    return String.format(
        "| %s | %.0f | %.1f | %s | %s | %.0f | %.0f | %s | %.0f | %s | %s | %s | %s | %.0f | %d |",
        scenario.label(),
        median(own, Measurement::perSecond),
        cpu,
        tells ? String.format("%.1f", median(own, Measurement::compilerMicros)) : "",
        comparable ? String.format("%.2f", cpu / median(baseline, Measurement::cpuMicros)) : "",
        median(own, m -> m.latency(50)),
        p99,
        comparable ? String.format("%.0f", p99 - median(baseline, m -> m.latency(99))) : "",
        median(own, m -> m.latency(99.9)),
        streams
            ? String.format(
                "%.0f / %.0f",
                median(own, m -> m.load().firstToken().getValueAtPercentile(50)),
                median(own, m -> m.load().firstToken().getValueAtPercentile(99)))
            : "",
        streams
            ? String.format("%.0f", median(own, m -> m.load().gaps().getValueAtPercentile(99)))
            : "",
        tells
            ? String.format(
                "%.0f / %.0f",
                median(own, m -> m.overheadMicros(50)), median(own, m -> m.overheadMicros(99)))
            : "",
        tells ? String.format("%.1f", median(own, m -> m.allocatedBytes() / 1000)) : "",
        median(own, m -> m.residentKib() / 1024.0),
        failed);
  }

  private List<Measurement> of(String scenario) {
    return measurements.stream().filter(m -> m.scenario().equals(scenario)).toList();
  }

  private static double median(List<Measurement> rounds, ToDoubleFunction<Measurement> value) {
    double[] sorted = rounds.stream().mapToDouble(value).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
