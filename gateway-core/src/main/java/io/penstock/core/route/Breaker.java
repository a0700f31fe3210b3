package io.penstock.core.route;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A circuit breaker as a value; transitions are pure.
 *
 * <pre>
 *   Closed --failures within the window--> Open --open time over, next attempt--> HalfOpen
 *   HalfOpen --success--> Closed      HalfOpen --failure--> Open
 *   Open, its time over --active probe--> Closed, one failure from Open; or Open once more
 *   Closed --another replica's has opened--> Closed, one failure from Open
 * </pre>
 *
 * <p>Half-open lets one probe through; a probe that never reports is given up after another open
 * time. Times are monotonic nanoseconds.
 */
sealed interface Breaker {
  /** Lets everything through; remembers when failures were, oldest first. */
  record Closed(long[] failures) implements Breaker {
    /** Returns the state that one more failure opens. */
    static Closed almost(Policy policy, long now) {
      long[] failures = new long[Math.max(0, policy.failures() - 1)];
      Arrays.fill(failures, now);
      return new Closed(failures);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Closed that && Arrays.equals(failures, that.failures);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(failures);
    }
  }

  /** Lets nothing through until then. */
  record Open(long untilNanos) implements Breaker {}

  /**
   * One probe is under way; the next one may go at that time if it has not reported.
   *
   * @param sinceNanos when the first was let through: what began before is none
   */
  record HalfOpen(long nextProbeNanos, long sinceNanos) implements Breaker {}

  /**
   * When a breaker opens.
   *
   * @param failures so many
   * @param withinNanos in so long, consecutive or not
   * @param openNanos how long until a probe
   */
  record Policy(int failures, long withinNanos, long openNanos) {}

  /** Returns whether an attempt may start. */
  default boolean allows(long now) {
    return switch (this) {
      case Closed closed -> true;
      case Open open -> now - open.untilNanos >= 0;
      case HalfOpen half -> now - half.nextProbeNanos >= 0;
    };
  }

  /** Returns how long until an attempt may start, nanoseconds; 0 when one may. */
  default long waitNanos(long now) {
    long until =
        switch (this) {
          case Closed closed -> now;
          case Open open -> open.untilNanos;
          case HalfOpen half -> half.nextProbeNanos;
        };
    return Math.max(0, until - now);
  }

  /** Returns the state once an allowed attempt has started. */
  default Breaker onAttempt(Policy policy, long now) {
    return switch (this) {
      case Closed closed -> closed;
      case Open open -> new HalfOpen(now + policy.openNanos, now);
      // A long answer to the first probe tells as much as one to this one.
      case HalfOpen half -> new HalfOpen(now + policy.openNanos, half.sinceNanos);
    };
  }

  /** Returns the state after a success; late ones of before an opening change nothing. */
  default Breaker onSuccess(long begunNanos) {
    return this instanceof HalfOpen half && begunNanos - half.sinceNanos >= 0
        ? new Closed(new long[0])
        : this;
  }

  /** Returns the state after a failure; late ones while open do not prolong it. */
  default Breaker onFailure(Policy policy, long now) {
    return switch (this) {
      case Open open -> open;
      case HalfOpen half -> new Open(now + policy.openNanos);
      case Closed closed -> {
        long[] recent =
            Arrays.stream(closed.failures).filter(at -> now - at < policy.withinNanos).toArray();
        long[] with = Arrays.copyOf(recent, recent.length + 1);
        with[recent.length] = now;
        yield with.length >= policy.failures ? new Open(now + policy.openNanos) : new Closed(with);
      }
    };
  }

  /** Returns the state after an active probe, which no attempt of a call waits for. */
  default Breaker onProbe(Policy policy, long now, boolean alive) {
    if (alive) {
      return this instanceof Open && allows(now) ? Closed.almost(policy, now) : this;
    }
    boolean due = this instanceof Open && allows(now);
    return due
        ? new Open(now + policy.openNanos)
        : this instanceof Closed ? onFailure(policy, now) : this;
  }
}
