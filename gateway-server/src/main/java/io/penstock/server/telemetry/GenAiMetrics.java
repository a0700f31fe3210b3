package io.penstock.server.telemetry;

import io.penstock.ledger.LedgerRow;
import io.penstock.server.telemetry.OtlpJson.Attributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BinaryOperator;

/**
 * The metrics of the GenAI conventions, and cost, from attempts. Cumulative since the start.
 * Confined to the exporter's thread.
 */
final class GenAiMetrics {
  private static final int CUMULATIVE = 2;

  /** Bounds that the conventions name. */
  private static final double[] TOKENS = {
    1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864
  };

  private static final double[] SECONDS = {
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92
  };

  private record Series(String operation, String provider, String model, String type)
      implements Comparable<Series> {
    @Override
    public int compareTo(Series other) {
      return text().compareTo(other.text());
    }

    private String text() {
      return operation + '\n' + provider + '\n' + model + '\n' + type;
    }

    List<Object> attributes() {
      return new Attributes()
          .text("gen_ai.operation.name", operation)
          .text("gen_ai.provider.name", provider)
          .text("gen_ai.request.model", model)
          .text("gen_ai.token.type", type)
          .list();
    }
  }

  private static final class Histogram {
    private final double[] bounds;
    private final long[] counts;
    private long count;
    private double sum;

    Histogram(double[] bounds) {
      this.bounds = bounds;
      this.counts = new long[bounds.length + 1];
    }

    void add(double value) {
      int bucket = 0;
      while (bucket < bounds.length && value > bounds[bucket]) {
        bucket++;
      }
      counts[bucket]++;
      count++;
      sum += value;
    }

    Map<String, Object> point() {
      Map<String, Object> point = new LinkedHashMap<>();
      point.put("count", Long.toString(count));
      point.put("sum", sum);
      List<String> buckets = new ArrayList<>();
      for (long each : counts) {
        buckets.add(Long.toString(each));
      }
      point.put("bucketCounts", buckets);
      point.put("explicitBounds", bounds);
      return point;
    }
  }

  private final String startNanos;
  private final BinaryOperator<String> shownModels;
  private final Map<Series, Histogram> tokens = new TreeMap<>();
  private final Map<Series, Histogram> durations = new TreeMap<>();
  private final Map<Series, Long> costs = new TreeMap<>();

  /**
   * Creates them.
   *
   * @param shownModels what metrics call a provider's model: a row's own may be a client's
   *     invention
   */
  GenAiMetrics(long startMillis, BinaryOperator<String> shownModels) {
    this.shownModels = shownModels;
    this.startNanos = Long.toString(startMillis * 1_000_000);
  }

  void add(LedgerRow row) {
    if (row.attempt().number() == 0) {
      return;
    }
    LedgerRow.Destination to = row.destination();
    String operation = Spans.operation(to.endpoint());
    String model = shownModels.apply(to.provider(), to.model());
    Series input = new Series(operation, to.provider(), model, "input");
    Series output = new Series(operation, to.provider(), model, "output");
    Series all = new Series(operation, to.provider(), model, "");
    tokens
        .computeIfAbsent(input, s -> new Histogram(TOKENS))
        .add((double) row.usage().inputTokens());
    tokens
        .computeIfAbsent(output, s -> new Histogram(TOKENS))
        .add((double) row.usage().outputTokens());
    durations
        .computeIfAbsent(all, s -> new Histogram(SECONDS))
        .add(row.times().latencyNanos() / 1e9);
    costs.merge(all, row.money().cost(), Long::sum);
  }

  boolean isEmpty() {
    return durations.isEmpty();
  }

  Map<String, Object> json(long nowMillis) {
    String now = Long.toString(nowMillis * 1_000_000);
    List<Object> metrics = new ArrayList<>();
    metrics.add(histogram("gen_ai.client.token.usage", "{token}", tokens, now));
    metrics.add(histogram("gen_ai.client.operation.duration", "s", durations, now));
    List<Object> points = new ArrayList<>();
    costs.forEach((series, cost) -> {
      Map<String, Object> point = new LinkedHashMap<>();
      point.put("asDouble", cost / 1e9);
      points.add(stamped(point, series, now));
    });
    metrics.add(
        Map.of(
            "name",
            "penstock.cost",
            "unit",
            "USD",
            "sum",
            Map.of(
                "aggregationTemporality", CUMULATIVE, "isMonotonic", false, "dataPoints", points)));
    return OtlpJson.metrics(metrics);
  }

  private Map<String, Object> histogram(
      String name, String unit, Map<Series, Histogram> series, String now) {
    List<Object> points = new ArrayList<>();
    series.forEach((key, histogram) -> points.add(stamped(histogram.point(), key, now)));
    return Map.of(
        "name",
        name,
        "unit",
        unit,
        "histogram",
        Map.of("aggregationTemporality", CUMULATIVE, "dataPoints", points));
  }

  private Map<String, Object> stamped(Map<String, Object> point, Series series, String now) {
    point.put("attributes", series.attributes());
    point.put("startTimeUnixNano", startNanos);
    point.put("timeUnixNano", now);
    return point;
  }
}
