package io.penstock.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** What became of requests, by when they were due. Written on one thread, read when it is done. */
final class Timeline implements Watcher {
  /** How finely it looks. */
  static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private static final double MICROS_PER_MILLI = 1000;
  private static final long MAX_MICROS = TimeUnit.MINUTES.toMicros(2);

  private final List<Slice> windows = new ArrayList<>();

  /** Requests that were due in a stretch of time; latency in microseconds, of those done. */
  static final class Slice {
    private final Histogram latency = new Histogram(MAX_MICROS, 2);
    private long shed;
    private long failed;

    long done() {
      return latency.getTotalCount();
    }

    long shed() {
      return shed;
    }

    long failed() {
      return failed;
    }

    long percentile(double percent) {
      return latency.getValueAtPercentile(percent);
    }

    private void add(Slice other) {
      latency.add(other.latency);
      shed += other.shed;
      failed += other.failed;
    }
  }

  @Override
  public void ended(long dueNanos, long latencyNanos, Outcome outcome) {
    int window = (int) (dueNanos / WINDOW_NANOS);
    while (windows.size() <= window) {
      windows.add(new Slice());
    }
    Slice slice = windows.get(window);
    switch (outcome) {
      case DONE -> slice.latency.recordValue(Math.clamp(latencyNanos / 1000, 0, MAX_MICROS));
      case SHED -> slice.shed++;
      case FAILED -> slice.failed++;
    }
  }

  /** Returns what was due in the seconds from the first to before the second. */
  Slice between(int fromSecond, int toSecond) {
    Slice sum = new Slice();
    for (int i = first(fromSecond); i < Math.min(first(toSecond), windows.size()); i++) {
      sum.add(windows.get(i));
    }
    return sum;
  }

  /**
   * Returns how many milliseconds after the first second all is well again until the last: so many
   * requests a second are answered, nothing is shed or failed, and the p99 of each window is within
   * the limit; -1 when it never is.
   */
  long wellAfterMillis(int second, int lastSecond, int rate, long p99Micros) {
    int end = first(lastSecond);
    int well = end;
    while (well > first(second) && isWell(well - 1, rate, p99Micros)) {
      well--;
    }
    return well == end ? -1 : TimeUnit.NANOSECONDS.toMillis((well - first(second)) * WINDOW_NANOS);
  }

  private boolean isWell(int window, int rate, long p99Micros) {
    if (window >= windows.size()) {
      return false;
    }
    Slice slice = windows.get(window);
    long due = rate * WINDOW_NANOS / TimeUnit.SECONDS.toNanos(1) - 1; // rounding apart
    return slice.done() >= Math.max(1, due)
        && slice.shed == 0
        && slice.failed == 0
        && slice.percentile(99) <= p99Micros;
  }

  /** A table of all windows. */
  @Override
  public String toString() {
    Table table = new Table("due after ms", "done", "shed", "failed", "p50 ms", "p99 ms");
    long at = 0;
    for (Slice window : windows) {
      table.row(
          TimeUnit.NANOSECONDS.toMillis(at),
          window.done(),
          window.shed,
          window.failed,
          window.percentile(50) / MICROS_PER_MILLI,
          window.percentile(99) / MICROS_PER_MILLI);
      at += WINDOW_NANOS;
    }
    return table.toString();
  }

  private static int first(int second) {
    return (int) (TimeUnit.SECONDS.toNanos(second) / WINDOW_NANOS);
  }
}
