package io.penstock.server.client;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Takes the requests of an HTTP/1.1 connection, or the one of an HTTP/2 stream: a {@link Turn}
 * each, one after the other.
 *
 * <p>Pipelined requests wait, and none is begun while the client takes nothing of the answers it
 * has: what waits for a client that does not read is bounded. A turn is over when its answer is
 * queued; the connection is idle, or drained, only when its answers have been taken too.
 */
final class ClientHandler extends ChannelInboundHandlerAdapter
    implements IdleConnections.Connection {
  /** Stands for a request whose head has not arrived. */
  private static final HttpRequest UNREAD =
      new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/");

  private final RequestSink sink;
  private final ClientLimits limits;
  private final SentAhead ahead;
  private final @Nullable StrictRequestDecoder http1;
  private final MovingDeadline deadline;
  private final Channel channel;
  private final @Nullable IdleConnections idle;
  private final IdleConnections.Spot spot = new IdleConnections.Spot(this);
  private final BetweenRequests between;
  private @Nullable Turn turn;
  private int unwritten;
  private boolean draining;
  private boolean over;

  /**
   * Creates the handler of one connection or stream.
   *
   * @param http1 decodes the connection; null for an HTTP/2 stream
   * @param idle knows the connections of the loop that may make room; null for an HTTP/2 stream
   */
  ClientHandler(
      Channel channel,
      RequestSink sink,
      ClientLimits limits,
      @Nullable StrictRequestDecoder http1,
      @Nullable IdleConnections idle) {
    this.channel = channel;
    this.idle = idle;
    this.sink = sink;
    this.limits = limits;
    this.http1 = http1;
    this.ahead = new SentAhead(channel);
    this.between = new BetweenRequests(channel, limits);
    this.deadline =
        new MovingDeadline(
            channel.eventLoop(), this::leftMillis, () -> late(channel.pipeline().context(this)));
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    deadline.set();
    nothingUnderWay();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    taken(ctx);
  }

  private void taken(ChannelHandlerContext ctx) {
    if (turn != null && http1 != null && http1.isBroken()) {
      if (turn.skipped(http1.skippedBytes())) {
        next(ctx);
      } else {
        closeIfDone(ctx);
      }
    }
    // Most bodies come with their head; only one that does not needs its own time.
    if (turn != null && turn.needsBodyTime()) {
      deadline.set();
    }
    timeHead();
  }

  /** Most heads come whole; only one that does not needs its own time. */
  private void timeHead() {
    if (turn == null && isHeadBegun() && between.headBegins()) {
      deadline.set();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (over) {
      ReferenceCountUtil.release(message);
    } else if (!ahead.isEmpty() || mustWait(ctx)) {
      ahead.add(message);
    } else {
      take(ctx, message);
    }
  }

  private boolean mustWait(ChannelHandlerContext ctx) {
    return turn == null ? !ctx.channel().isWritable() : turn.isBusy();
  }

  private void take(ChannelHandlerContext ctx, Object message) {
    try {
      if (message instanceof HttpRequest request) {
        begin(ctx, request).head(request);
      }
      if (message instanceof HttpContent content && turn != null) {
        if (turn.isWaiting()) {
          // A request of HTTP/2 that is all head; nothing of it is behind that.
          ahead.add(new DefaultLastHttpContent(content.content().retain()));
        } else if (turn.content(content)) {
          next(ctx);
        }
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  /** Begins a turn; kept before it is told anything, for it may be answered at once. */
  private Turn begin(ChannelHandlerContext ctx, HttpRequest request) {
    Turn begun =
        new Turn(
            ctx,
            sink,
            new ChannelResponder(ctx, this, request, http1 == null),
            () -> takeAhead(ctx));
    if (draining) {
      begun.closeAfter();
    }
    turn = begun;
    between.requestBegins();
    if (idle != null) {
      idle.remove(spot);
    }
    return begun;
  }

  /**
   * The answer to the current request is complete and the connection may go on.
   *
   * @param last done when the client has been sent all of it
   */
  void answered(ChannelHandlerContext ctx, ChannelFuture last) {
    if (!last.isDone()) {
      unwritten++;
      last.addListener(done -> written(ctx));
    }
    if (turn != null && turn.answered()) {
      next(ctx);
    } else {
      closeIfDone(ctx);
    }
  }

  private void written(ChannelHandlerContext ctx) {
    unwritten--;
    between.taken();
    if (draining || isHeadBegun()) {
      deadline.set();
    }
    closeIfDone(ctx);
  }

  private void next(ChannelHandlerContext ctx) {
    over = turn != null && turn.isLast();
    turn = null;
    between.answered();
    if (over) {
      // The connection ends with that answer: what was sent behind it is no request any more.
      ahead.releaseAll();
    } else if (!ahead.isEmpty()) {
      // Not nested: a pipeline of a thousand requests must not become a thousand stack frames.
      ctx.channel().eventLoop().execute(() -> takeAhead(ctx));
    } else {
      nothingUnderWay();
      timeHead();
    }
    closeIfDone(ctx);
  }

  /** Closes when no more requests are taken and nothing waits: a close fails what is unwritten. */
  private void closeIfDone(ChannelHandlerContext ctx) {
    if (unwritten > 0) {
      return;
    }
    if (turn != null) {
      turn.written();
    } else if (over || (draining && ahead.isEmpty() && !isHeadBegun())) {
      ctx.close();
    }
  }

  private boolean isHeadBegun() {
    return http1 != null && http1.isHeadBegun();
  }

  private void nothingUnderWay() {
    if (idle != null) {
      idle.add(spot);
    }
  }

  @Override
  public long idleNanos() {
    return between.sinceNanos();
  }

  @Override
  public boolean closeIfIdle() {
    boolean isIdle =
        turn == null && unwritten == 0 && ahead.isEmpty() && http1 != null && !isHeadBegun();
    if (isIdle) {
      channel.close();
    }
    return isIdle;
  }

  private void takeAhead(ChannelHandlerContext ctx) {
    while (!mustWait(ctx)) {
      Object message = ahead.poll();
      if (message == null) {
        break;
      }
      take(ctx, message);
    }
    taken(ctx);
  }

  /**
   * Ends the connection after the request under way or, without one, the first that was sent ahead;
   * when there is neither, as soon as its answers have been taken. A request whose head has begun
   * is waited for.
   */
  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
    if (event != ClientServer.Drain.EVENT) {
      super.userEventTriggered(ctx, event);
      return;
    }
    draining = true;
    if (turn != null) {
      turn.closeAfter();
    }
    deadline.set();
    // Not at once: a request may stand in what is being read.
    ctx.executor().execute(() -> closeIfDone(ctx));
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    boolean writable = ctx.channel().isWritable();
    if (turn != null) {
      turn.writabilityChanged(writable);
    }
    if (writable && !ahead.isEmpty()) {
      takeAhead(ctx);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    gone();
  }

  private void gone() {
    deadline.clear();
    if (idle != null) {
      idle.remove(spot);
    }
    ahead.releaseAll();
    if (turn != null) {
      turn.gone();
    }
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    gone();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // Resets and TLS failures of clients: nothing to tell anyone, and nobody left to tell.
    ctx.close();
  }

  private long leftMillis() {
    return turn == null ? between.leftMillis(unwritten > 0) : turn.leftMillis(limits);
  }

  private void late(ChannelHandlerContext ctx) {
    if (turn != null) {
      if (turn.late(limits)) {
        next(ctx);
      }
    } else if (unwritten == 0 && isHeadBegun()) {
      Turn begun = begin(ctx, UNREAD);
      begun.unreadable(UNREAD, ReadFailures.headTooSlow(limits.headMillis()));
      if (begun.late(limits)) {
        next(ctx);
      }
    } else if (unwritten == 0 || between.isStalled()) {
      ctx.close();
    }
  }
}
