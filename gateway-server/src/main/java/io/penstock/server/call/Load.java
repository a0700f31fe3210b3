package io.penstock.server.call;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What the process holds right now, against what it may hold. Thread-safe. */
public final class Load {
  private final AtomicInteger inflight = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();
  private final Orphans orphans = new Orphans();
  private volatile boolean draining;
  private volatile boolean over;

  /** Takes a place; false when {@code max} are taken. */
  public boolean enter(int max) {
    if (inflight.incrementAndGet() > max) {
      inflight.decrementAndGet();
      return false;
    }
    return true;
  }

  public void leave() {
    inflight.decrementAndGet();
  }

  /** Takes that many bytes of a request; false when {@code max} would be exceeded. */
  public boolean hold(long more, long max) {
    if (bytes.addAndGet(more) > max) {
      bytes.addAndGet(-more);
      return false;
    }
    return true;
  }

  /** Gives bytes back. */
  public void release(long held) {
    bytes.addAndGet(-held);
  }

  /** Returns the number of requests under way. */
  public int inflight() {
    return inflight.get();
  }

  /** Returns the request bytes held. */
  public long bytes() {
    return bytes.get();
  }

  /** Returns whether new requests are refused because the process is stopping. */
  public boolean isDraining() {
    return draining;
  }

  /** Refuses new requests from now on. */
  public void drain() {
    draining = true;
  }

  /** Returns whether no call begins to ask a provider any more. */
  public boolean isOver() {
    return over;
  }

  /** Returns the calls that go on without their client. */
  public Orphans orphans() {
    return orphans;
  }

  /**
   * The time of a drain is over: no call goes on without its client any more, or in place of
   * another.
   */
  public void cut() {
    over = true;
    orphans.end();
  }
}
