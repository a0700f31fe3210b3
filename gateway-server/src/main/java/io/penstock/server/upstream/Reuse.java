package io.penstock.server.upstream;

import io.netty.handler.codec.http.FullHttpRequest;
import java.util.concurrent.TimeUnit;

/**
 * That a request is written on a connection that had been idle. Its other side may have closed that
 * meanwhile, or something between may have forgotten it: nobody knows before a request is written.
 *
 * @param sinceNanos when it was written, on the pool's clock
 */
record Reuse(UpstreamPool pool, Origin origin, long sinceNanos) {
  /**
   * A connection that was gone says so within a round trip. What is lost later may have been worked
   * on, which a provider bills. Nanoseconds.
   */
  static final long STALE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Returns whether a connection that is lost now, without a byte in answer, was gone before. */
  boolean isStale() {
    return pool.nowNanos() - sinceNanos <= STALE_NANOS;
  }

  /** Makes the request on a fresh connection. */
  void again(Timeouts timeouts, UpstreamCall call, long nowNanos) {
    // The bytes that the other connection took are still there.
    if (call.request() instanceof FullHttpRequest whole) {
      whole.content().readerIndex(0);
    }
    pool.connect(origin, timeouts, call, nowNanos);
  }
}
