package io.penstock.server.call;

import java.util.ArrayList;
import java.util.List;

/**
 * What a call has used, time and money, and what its client was answered. Confined to the call's
 * loop.
 */
public final class Tally {
  private final long startNanos = System.nanoTime();
  private long spentNanos;
  private long savedNanos;
  private long upstreamNanos;
  private long upstreamSince;
  private int upstreams;
  private int counting;
  private boolean attempted;
  private final List<Runnable> onCounted = new ArrayList<>(0);
  private int status;
  private String answeredModel = "";
  private String answeredProvider = "";

  /** Returns when the call began, on {@link System#nanoTime}. */
  public long startNanos() {
    return startNanos;
  }

  /** Returns the nanoseconds since the call began. */
  public long elapsedNanos() {
    return System.nanoTime() - startNanos;
  }

  /** Adds what an attempt cost and saved, nano-USD; a loss is negative. */
  public void spent(long cost, long saved) {
    spentNanos += cost;
    savedNanos += saved;
  }

  /** Returns what all settled attempts cost, nano-USD. */
  public long spentNanos() {
    return spentNanos;
  }

  /** Returns what all settled attempts saved, nano-USD; a loss is negative. */
  public long savedNanos() {
    return savedNanos;
  }

  /** An attempt is made on the client's behalf: its row stands for the request. */
  public void attempted() {
    attempted = true;
  }

  /** Returns whether there has been such an attempt. */
  public boolean isAttempted() {
    return attempted;
  }

  /** What an ended attempt used is counted: until it is, its worst case stays held. */
  public void countingBegins() {
    counting++;
  }

  /** What {@link #countingBegins} began has ended: its cost is known and the rest given back. */
  public void counted() {
    if (--counting == 0) {
      List<Runnable> waiting = List.copyOf(onCounted);
      onCounted.clear();
      waiting.forEach(Runnable::run);
    }
  }

  /** Returns whether the costs so far lack those of an attempt that is still counted. */
  public boolean isCounting() {
    return counting > 0;
  }

  /** Runs that once nothing is counted any more; not called when nothing is. */
  public void whenCounted(Runnable then) {
    onCounted.add(then);
  }

  /**
   * Something goes upstream, or waits until the provider may be asked again: until it ends, time is
   * not the gateway's. Two may be at once. Returns the time, on {@link System#nanoTime}.
   */
  public long upstreamBegins() {
    long now = System.nanoTime();
    if (upstreams++ == 0) {
      upstreamSince = now;
    }
    return now;
  }

  /** What {@link #upstreamBegins} began has ended. Returns the time as that does. */
  public long upstreamEnds() {
    long now = System.nanoTime();
    if (--upstreams == 0) {
      upstreamNanos += now - upstreamSince;
    }
    return now;
  }

  /** Returns the nanoseconds since the start in which nothing was upstream or waited for it. */
  public long overheadNanos() {
    return overheadNanos(System.nanoTime());
  }

  /** Does the same for a time that was just read. */
  public long overheadNanos(long now) {
    return now - startNanos - upstreamNanos - (upstreams > 0 ? now - upstreamSince : 0);
  }

  /**
   * Notes what the client was answered, for metrics.
   *
   * @param shownModel of the target, see {@code TargetRuntime}
   */
  public void answered(int httpStatus, String provider, String shownModel) {
    status = httpStatus;
    answeredProvider = provider;
    answeredModel = shownModel;
  }

  public int status() {
    return status;
  }

  public String answeredProvider() {
    return answeredProvider;
  }

  public String answeredModel() {
    return answeredModel;
  }
}
