package io.penstock.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Readings over time, and whether something grows in the second half of them. */
final class Trend {
  /** A second half that is shorter says nothing. */
  private static final double ENOUGH_MINUTES = 3;

  /** What is read. */
  enum Gauge {
    HEAP("live heap MiB", 0.25),
    DIRECT("direct MiB", 0.25),
    RESIDENT("resident MiB", 1),
    DESCRIPTORS("descriptors", 0.5),
    THREADS("threads", 0.1),
    P50("p50 us", 0.02),
    P99("p99 us", 0.05);

    final String title;

    /** Most that it may grow in a minute; of latencies as a share of their mean. */
    final double bound;

    Gauge(String title, double bound) {
      this.title = title;
      this.bound = bound;
    }

    boolean isRelative() {
      return this == P50 || this == P99;
    }
  }

  /** A value of each gauge, in their order. */
  private record Reading(double minute, double[] values) {}

  private final List<Reading> readings = new ArrayList<>();

  void add(double minute, double... values) {
    if (values.length != Gauge.values().length) {
      throw new IllegalArgumentException(
          values.length + " values (expected: " + Gauge.values().length + ")");
    }
    readings.add(new Reading(minute, values));
  }

  private List<Reading> secondHalf() {
    return readings.subList(readings.size() / 2, readings.size());
  }

  private double mean(Gauge gauge) {
    return secondHalf().stream().mapToDouble(r -> r.values()[gauge.ordinal()]).average().orElse(0);
  }

  /** Returns the growth of a gauge per minute: the least-squares line through the second half. */
  double slope(Gauge gauge) {
    List<Reading> half = secondHalf();
    double meanMinute = half.stream().mapToDouble(Reading::minute).average().orElse(0);
    double mean = mean(gauge);
    double products = 0;
    double squares = 0;
    for (Reading reading : half) {
      double minutes = reading.minute() - meanMinute;
      products += minutes * (reading.values()[gauge.ordinal()] - mean);
      squares += minutes * minutes;
    }
    return squares == 0 ? 0 : products / squares;
  }

  private double bound(Gauge gauge) {
    return gauge.isRelative() ? gauge.bound * mean(gauge) : gauge.bound;
  }

  /** Returns whether the second half lasts long enough, three minutes, to say something. */
  boolean isLongEnough() {
    List<Reading> half = secondHalf();
    return !half.isEmpty() && half.getLast().minute() - half.getFirst().minute() >= ENOUGH_MINUTES;
  }

  /** Returns what grows beyond its bound; nothing when it is too short to say. */
  List<Gauge> growing() {
    List<Gauge> growing = new ArrayList<>();
    for (Gauge gauge : Gauge.values()) {
      if (isLongEnough() && slope(gauge) > bound(gauge)) {
        growing.add(gauge);
      }
    }
    return growing;
  }

  /** Returns the readings, then their growth and what was allowed. */
  String table() {
    List<String> titles = new ArrayList<>(List.of("minute"));
    for (Gauge gauge : Gauge.values()) {
      titles.add(gauge.title);
    }
    Table table = new Table(titles.toArray(String[]::new));
    readings.forEach(reading -> table.row(cells(one(reading.minute()), reading)));
    List<String> growth = new ArrayList<>(List.of("growth/min"));
    List<String> bounds = new ArrayList<>(List.of("bound/min"));
    for (Gauge gauge : Gauge.values()) {
      growth.add(two(slope(gauge)));
      bounds.add(two(bound(gauge)));
    }
    table.row(growth.toArray());
    table.row(bounds.toArray());
    return table.toString();
  }

  private static Object[] cells(String minute, Reading reading) {
    Object[] cells = new Object[reading.values().length + 1];
    cells[0] = minute;
    for (int i = 1; i < cells.length; i++) {
      cells[i] = one(reading.values()[i - 1]);
    }
    return cells;
  }

  private static String one(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private static String two(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
