package io.penstock.server.upstream;

import java.util.concurrent.TimeUnit;

/**
 * When a request has taken too long: each state of it has a limit since its last progress, and all
 * of it has one since its start. Nanoseconds on {@link System#nanoTime} unless said otherwise.
 * Confined to the request's loop.
 */
final class Deadlines {
  /** How long the end of a message may take whose answer is whole. */
  private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Timeouts timeouts;
  private final long startNanos;
  private long progressNanos;
  private boolean lingering;
  private long lingerNanos;

  /** Creates those of a request that begins now. */
  Deadlines(Timeouts timeouts, long nowNanos) {
    this.timeouts = timeouts;
    this.startNanos = nowNanos;
    this.progressNanos = nowNanos;
  }

  Timeouts timeouts() {
    return timeouts;
  }

  /** There was progress. */
  void progress(long nowNanos) {
    progressNanos = nowNanos;
  }

  /** Its answer is whole: what is left of its message has a second. */
  void linger(long nowNanos) {
    lingering = true;
    lingerNanos = nowNanos;
  }

  boolean isLingering() {
    return lingering;
  }

  /** Returns whether the end of the message did not come. */
  boolean isLingerOver(long nowNanos) {
    return lingering && nowNanos - lingerNanos >= LINGER_NANOS;
  }

  /** Returns whether the request has taken longer than it may in all. */
  boolean isTotalOver(long nowNanos) {
    return of(timeouts.total(), startNanos, nowNanos) <= 0;
  }

  /**
   * Returns whether the request has taken longer than it may without progress.
   *
   * @param limitMillis of its state
   */
  boolean isOver(long limitMillis, long nowNanos) {
    return of(limitMillis, progressNanos, nowNanos) <= 0;
  }

  /**
   * Returns the time until the nearest deadline, negative after it.
   *
   * @param limitMillis of its state
   * @param nextMillis of the state that may begin at any time; the same where there is none
   */
  long left(long limitMillis, long nextMillis, long nowNanos) {
    long left = of(limitMillis, progressNanos, nowNanos);
    left = Math.min(left, of(timeouts.total(), startNanos, nowNanos));
    left = Math.min(left, TimeUnit.MILLISECONDS.toNanos(nextMillis));
    return lingering ? Math.min(left, LINGER_NANOS - (nowNanos - lingerNanos)) : left;
  }

  private static long of(long millis, long since, long now) {
    return TimeUnit.MILLISECONDS.toNanos(millis) - (now - since);
  }
}
