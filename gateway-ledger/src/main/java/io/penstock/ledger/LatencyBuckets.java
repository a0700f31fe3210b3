package io.penstock.ledger;

import java.util.Arrays;

/**
 * The latency histogram of roll-ups: bucket i ends at 1 ms x sqrt(2)^i, the last is open (12
 * minutes and more). Counts add up over rows, so percentiles of any group come from sums; a
 * percentile is off by at most a bucket, and half of one on average.
 */
final class LatencyBuckets {
  static final int COUNT = 40;
  private static final long[] ENDS = new long[COUNT - 1];

  static {
    for (int i = 0; i < ENDS.length; i++) {
      ENDS[i] = Math.round(1e6 * Math.pow(2, i / 2.0));
    }
  }

  private LatencyBuckets() {}

  /** Returns the bucket of a duration. */
  static int of(long nanos) {
    int found = Arrays.binarySearch(ENDS, nanos);
    return found >= 0 ? found : -found - 1;
  }

  /** Returns the SQL expression of a bucket's count over rows. */
  static String rowSql(int bucket) {
    String low = bucket == 0 ? "" : "latency_ns > " + ENDS[bucket - 1];
    String high = bucket == COUNT - 1 ? "" : "latency_ns <= " + ENDS[bucket];
    String and = low.isEmpty() || high.isEmpty() ? "" : " AND ";
    return "CASE WHEN " + low + and + high + " THEN 1 ELSE 0 END";
  }

  /** Returns that quantile in nanoseconds, interpolated within its bucket; 0 for no counts. */
  static long quantile(long[] counts, double q) {
    long total = Arrays.stream(counts).sum();
    double rank = q * total;
    long below = 0;
    for (int i = 0; i < COUNT; i++) {
      if (counts[i] > 0 && below + counts[i] >= rank) {
        long low = i == 0 ? 0 : ENDS[i - 1];
        long high = i == COUNT - 1 ? ENDS[i - 1] * 2 : ENDS[i];
        return low + Math.round((high - low) * (rank - below) / counts[i]);
      }
      below += counts[i];
    }
    return 0;
  }
}
