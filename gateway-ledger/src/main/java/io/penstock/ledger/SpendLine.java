package io.penstock.ledger;

import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.util.List;

/** Sums of one group. Immutable once a query has returned it. */
public final class SpendLine {
  private static final Measure[] MEASURES = Measure.values();
  private static final Meter[] METERS = Meter.values();

  private final List<String> key;
  private final long[] sums = new long[MEASURES.length];
  private final long[] meters = new long[METERS.length];
  private final long[] buckets = new long[LatencyBuckets.COUNT];

  SpendLine(List<String> key) {
    this.key = List.copyOf(key);
  }

  /** Returns the values of the dimensions, in the query's order; "" where a row has none. */
  public List<String> key() {
    return key;
  }

  /** Returns a sum: a count, or nano-USD. */
  public long of(Measure measure) {
    return sums[measure.ordinal()];
  }

  /** Returns the count of a meter. */
  public long of(Meter meter) {
    return meters[meter.ordinal()];
  }

  /** Returns all meters. */
  public Usage usage() {
    Usage.Builder usage = Usage.builder();
    for (Meter meter : METERS) {
      usage.set(meter, of(meter));
    }
    return usage.build();
  }

  /**
   * Returns what the gateway saved after its overhead and premiums, nano-USD; a loss is negative.
   */
  public long netSaved() {
    return of(Measure.SAVED) - of(Measure.PREMIUM) - of(Measure.OVERHEAD);
  }

  /** Returns the cache's part of {@link #netSaved}: embeddings and verification are deducted. */
  public long cacheNetSaved() {
    return of(Measure.CACHE_SAVED) - of(Measure.CACHE_OVERHEAD);
  }

  /**
   * Returns routing's part of {@link #netSaved}: dearer choices, cascade attempts, shadows and
   * judges are deducted.
   */
  public long routingNetSaved() {
    return netSaved() - cacheNetSaved();
  }

  /** Returns nano-USD per successful answer, or -1 when there was none. */
  public long costPerAnswer() {
    long answered = of(Measure.ANSWERED);
    return answered == 0 ? -1 : Math.round((double) of(Measure.COST) / answered);
  }

  /** Returns the latency of that quantile in nanoseconds, 0 when it was not asked for. */
  public long latencyNanos(double quantile) {
    return LatencyBuckets.quantile(buckets, quantile);
  }

  void add(Measure measure, long value) {
    sums[measure.ordinal()] = Math.addExact(sums[measure.ordinal()], value);
  }

  void add(Meter meter, long value) {
    meters[meter.ordinal()] += value;
  }

  void addBucket(int bucket, long count) {
    buckets[bucket] += count;
  }

  void add(SpendLine that) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] = Math.addExact(sums[i], that.sums[i]);
    }
    for (int i = 0; i < meters.length; i++) {
      meters[i] += that.meters[i];
    }
    for (int i = 0; i < buckets.length; i++) {
      buckets[i] += that.buckets[i];
    }
  }
}
