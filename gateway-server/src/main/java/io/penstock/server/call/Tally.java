package io.penstock.server.call;

/**
 * What a call has used, time and money, and what its client was answered. Confined to the call's
 * loop.
 */
final class Tally {
  private final long startNanos = System.nanoTime();
  private long spentNanos;
  private long savedNanos;
  private long upstreamNanos;
  private long upstreamSince;
  private int upstreams;
  private int status;
  private String answeredModel = "";
  private String answeredProvider = "";

  /** Returns when the call began, on {@link System#nanoTime}. */
  long startNanos() {
    return startNanos;
  }

  /** Returns the nanoseconds since the call began. */
  long elapsedNanos() {
    return System.nanoTime() - startNanos;
  }

  /** Adds what an attempt cost and saved, nano-USD; a loss is negative. */
  void spent(long cost, long saved) {
    spentNanos += cost;
    savedNanos += saved;
  }

  /** Returns what all settled attempts cost, nano-USD. */
  long spentNanos() {
    return spentNanos;
  }

  /** Returns what all settled attempts saved, nano-USD; a loss is negative. */
  long savedNanos() {
    return savedNanos;
  }

  /** Something goes upstream: until it ends, time is not the gateway's. Two may be at once. */
  void upstreamBegins() {
    if (upstreams++ == 0) {
      upstreamSince = System.nanoTime();
    }
  }

  /** What {@link #upstreamBegins} began has ended. */
  void upstreamEnds() {
    if (--upstreams == 0) {
      upstreamNanos += System.nanoTime() - upstreamSince;
    }
  }

  /** Returns the nanoseconds since the start that were not spent upstream. */
  long overheadNanos() {
    long now = System.nanoTime();
    return now - startNanos - upstreamNanos - (upstreams > 0 ? now - upstreamSince : 0);
  }

  /**
   * Notes what the client was answered, for metrics.
   *
   * @param shownModel of the target, see {@link TargetRuntime}
   */
  void answered(int httpStatus, String provider, String shownModel) {
    status = httpStatus;
    answeredProvider = provider;
    answeredModel = shownModel;
  }

  int status() {
    return status;
  }

  String answeredProvider() {
    return answeredProvider;
  }

  String answeredModel() {
    return answeredModel;
  }
}
