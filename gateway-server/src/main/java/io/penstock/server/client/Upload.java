package io.penstock.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.util.concurrent.Ticker;
import io.penstock.core.GatewayException;
import io.penstock.server.client.RequestSink.Admitted;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A request whose head was accepted and whose body is on its way. Ends in {@link #start} or {@link
 * #refuse}, once. Confined to its event loop.
 */
final class Upload {
  /** Slower than any working network, so that a body is bounded in time as well as in size. */
  private static final long MIN_BYTES_PER_SECOND = 16 * 1024;

  private final Admitted to;
  private final BodyBuffer body;
  private final long announced;
  private final Ticker ticker;
  private boolean timed;
  private long startNanos;

  /** Begins with the head. */
  Upload(Admitted to, HttpRequest request, Ticker ticker) {
    this.to = to;
    this.ticker = ticker;
    this.announced = HttpUtil.getContentLength(request, -1L);
    this.body =
        new BodyBuffer(HttpUtil.isTransferEncodingChunked(request) ? -1 : Math.max(0, announced));
  }

  /**
   * Refuses a body that is too large by its own account, before any of it is read.
   *
   * @throws GatewayException 413
   */
  void checkAnnounced() {
    if (announced > to.maxBody()) {
      throw ReadFailures.bodyTooLarge(to.maxBody());
    }
  }

  /**
   * Takes a piece; borrowed.
   *
   * @throws GatewayException 413 or 503
   */
  void take(ByteBuf data) {
    int more = data.readableBytes();
    if (body.length() + (long) more > to.maxBody()) {
      throw ReadFailures.bodyTooLarge(to.maxBody());
    }
    if (more > 0 && !to.holdBytes(more)) {
      throw ReadFailures.tooManyBytes();
    }
    body.add(data, announced);
  }

  /**
   * Returns the milliseconds that are left for the rest of the body. Its time begins when this is
   * first asked, for a body that did not come with its head.
   */
  long leftMillis(long maxMillis) {
    long now = ticker.nanoTime();
    if (!timed) {
      timed = true;
      startNanos = now;
    }
    long allowed = maxMillis + body.length() * 1000L / MIN_BYTES_PER_SECOND;
    return allowed - TimeUnit.NANOSECONDS.toMillis(now - startNanos);
  }

  @Nullable Running start(Responder responder) {
    return to.start(body.toArray(), responder);
  }

  void refuse(@Nullable GatewayException why, @Nullable Responder responder) {
    to.refuse(why, responder);
  }
}
