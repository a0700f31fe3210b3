package io.penstock.server.client;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Collects requests and hands them on, one at a time: an HTTP/1.1 connection, or one HTTP/2 stream.
 *
 * <pre>
 *   IDLE -> BODY -> RUNNING -> IDLE         one request after the other
 *            BODY -> DISCARD -> IDLE        answered before its body was complete
 * </pre>
 *
 * <p>Pipelined requests wait in a short queue. Reading goes on while a request runs, so that a
 * client that leaves is noticed at once; it stops when the queue is full.
 */
final class ClientHandler extends ChannelInboundHandlerAdapter {
  private enum State {
    IDLE,
    BODY,
    RUNNING,
    DISCARD
  }

  private static final int MAX_QUEUE = 64;

  /** Read away after an early answer: closing on unread bytes would reset the answer too. */
  private static final long MAX_DISCARD_BYTES = 64L * 1024 * 1024;

  private final RequestSink sink;
  private final ClientLimits limits;
  private final boolean http2;
  private final ArrayDeque<Object> queue = new ArrayDeque<>(2);
  private State state = State.IDLE;
  private RequestSink.@Nullable Admitted admitted;
  private @Nullable BodyBuffer body;
  private long announced = -1;
  private @Nullable Running running;
  private @Nullable ChannelResponder responder;
  private boolean bodyComplete;
  private long discarded;
  private long activeNanos;
  private @Nullable ScheduledFuture<?> timer;
  private boolean draining;
  private boolean served;

  ClientHandler(RequestSink sink, ClientLimits limits, boolean http2) {
    this.sink = sink;
    this.limits = limits;
    this.http2 = http2;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    activeNanos = System.nanoTime();
    arm(ctx);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (state != State.DISCARD) {
      // What is only read away has one time limit for all of it.
      activeNanos = System.nanoTime();
    }
    if (state == State.RUNNING || !queue.isEmpty()) {
      queue.addLast(message);
      if (queue.size() >= MAX_QUEUE) {
        ctx.channel().config().setAutoRead(false);
      }
      return;
    }
    take(ctx, message);
  }

  private void take(ChannelHandlerContext ctx, Object message) {
    try {
      if (message instanceof HttpRequest request) {
        onHead(ctx, request);
      }
      if (message instanceof HttpContent content) {
        onContent(ctx, content);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void onHead(ChannelHandlerContext ctx, HttpRequest request) {
    ChannelResponder to = new ChannelResponder(ctx, this, request, http2);
    responder = to;
    bodyComplete = false;
    discarded = 0;
    body = null;
    if (request.decoderResult().isFailure()) {
      to.closeAfter();
      state = State.DISCARD;
      sink.malformed(malformed(request.decoderResult().cause()), to);
      return;
    }
    announced = HttpUtil.getContentLength(request, -1L);
    RequestHead head =
        RequestHead.of(request.method(), request.uri(), request.headers(), remote(ctx));
    state = State.BODY;
    RequestSink.Admitted accepted = sink.admit(head, ctx.channel().eventLoop(), to);
    if (accepted == null) {
      state = State.DISCARD;
      return;
    }
    admitted = accepted;
    if (announced > accepted.maxBody()) {
      refuse(tooLarge(accepted.maxBody()));
      return;
    }
    body =
        new BodyBuffer(HttpUtil.isTransferEncodingChunked(request) ? -1 : Math.max(0, announced));
    if (HttpUtil.is100ContinueExpected(request)) {
      to.sendContinue();
    }
  }

  private static GatewayException malformed(Throwable cause) {
    if (cause instanceof TooLongFrameException) {
      return new GatewayException(
          ErrorCode.HEADERS_TOO_LARGE, "The request line or the headers are too large.");
    }
    return new GatewayException(
        ErrorCode.INVALID_REQUEST, "The request is not valid HTTP: " + cause.getMessage());
  }

  private static GatewayException tooLarge(long max) {
    return new GatewayException(
        ErrorCode.REQUEST_TOO_LARGE, "The request body is larger than " + max + " bytes.");
  }

  private void onContent(ChannelHandlerContext ctx, HttpContent content) {
    if (state == State.DISCARD) {
      onDiscarded(ctx, content);
      return;
    }
    if (state != State.BODY) {
      return;
    }
    if (content.decoderResult().isFailure()) {
      requireResponder().closeAfter();
      refuse(malformed(content.decoderResult().cause()));
      return;
    }
    RequestSink.Admitted to = requireAdmitted();
    BodyBuffer into = body;
    int more = content.content().readableBytes();
    if (into != null && more > 0) {
      if (into.length() + (long) more > to.maxBody()) {
        refuse(tooLarge(to.maxBody()));
        return;
      }
      if (!to.holdBytes(more)) {
        refuse(
            new GatewayException(
                ErrorCode.OVERLOADED,
                "The gateway holds as many request bytes as it may; try again shortly.",
                null,
                1000));
        return;
      }
      into.add(content.content(), announced);
    }
    if (content instanceof LastHttpContent && into != null) {
      start(to, into);
    }
  }

  private void start(RequestSink.Admitted to, BodyBuffer whole) {
    bodyComplete = true;
    state = State.RUNNING;
    admitted = null;
    body = null;
    ChannelResponder answer = requireResponder();
    Running started = to.start(whole.toArray(), answer);
    if (!answer.isEnded()) {
      running = started;
    }
  }

  private void refuse(GatewayException why) {
    RequestSink.Admitted to = requireAdmitted();
    admitted = null;
    body = null;
    state = State.DISCARD;
    to.refuse(why, responder);
  }

  private void onDiscarded(ChannelHandlerContext ctx, HttpContent content) {
    discarded += content.content().readableBytes();
    if (content instanceof LastHttpContent) {
      bodyComplete = true;
      ChannelResponder answer = responder;
      if (answer != null && answer.isEnded()) {
        next(ctx);
      }
    } else if (discarded > MAX_DISCARD_BYTES) {
      ctx.close();
    }
  }

  /** The answer to the current request is complete and the connection may go on. */
  void answered(ChannelHandlerContext ctx) {
    running = null;
    if (bodyComplete) {
      next(ctx);
    } else {
      state = State.DISCARD;
    }
  }

  private void next(ChannelHandlerContext ctx) {
    state = State.IDLE;
    served = true;
    responder = null;
    activeNanos = System.nanoTime();
    if (draining && queue.isEmpty()) {
      ctx.close();
      return;
    }
    if (!queue.isEmpty()) {
      // Not nested: a pipeline of a thousand requests must not become a thousand stack frames.
      ctx.channel().eventLoop().execute(() -> unqueue(ctx));
    }
  }

  private void unqueue(ChannelHandlerContext ctx) {
    while (state != State.RUNNING && !queue.isEmpty()) {
      take(ctx, queue.pollFirst());
    }
    if (queue.size() < MAX_QUEUE && !ctx.channel().config().isAutoRead()) {
      ctx.channel().config().setAutoRead(true);
    }
  }

  /** Ends the connection after the request under way; at once when there is none. */
  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
    if (event == ClientServer.Drain.EVENT) {
      draining = true;
      if (responder != null) {
        responder.closeAfter();
      } else if (queue.isEmpty()) {
        ctx.close();
      }
      return;
    }
    super.userEventTriggered(ctx, event);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (running != null) {
      running.writabilityChanged(ctx.channel().isWritable());
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    gone();
  }

  private void gone() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
    queue.forEach(ReferenceCountUtil::release);
    queue.clear();
    if (responder != null) {
      responder.gone();
    }
    RequestSink.Admitted waiting = admitted;
    admitted = null;
    if (waiting != null) {
      waiting.refuse(null, null);
    }
    Running stopped = running;
    running = null;
    if (stopped != null) {
      stopped.clientGone();
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

  private void arm(ChannelHandlerContext ctx) {
    long limit = limitMillis();
    long left = limit - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - activeNanos);
    timer =
        ctx.channel()
            .eventLoop()
            .schedule(() -> check(ctx), Math.max(1, left), TimeUnit.MILLISECONDS);
  }

  private long limitMillis() {
    if (state == State.BODY || state == State.DISCARD) {
      return limits.bodyMillis();
    }
    return served ? limits.keepAliveMillis() : limits.headMillis();
  }

  private void check(ChannelHandlerContext ctx) {
    if (!ctx.channel().isActive()) {
      return;
    }
    long silent = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - activeNanos);
    if (state == State.BODY && silent >= limits.bodyMillis()) {
      requireResponder().closeAfter();
      refuse(
          new GatewayException(
              ErrorCode.REQUEST_TIMEOUT,
              "The request body stopped for " + limits.bodyMillis() + " ms."));
    } else if (state == State.DISCARD && silent >= limits.bodyMillis()) {
      ctx.close();
      return;
    } else if (state == State.IDLE && silent >= limitMillis()) {
      ctx.close();
      return;
    }
    arm(ctx);
  }

  private RequestSink.Admitted requireAdmitted() {
    RequestSink.Admitted to = admitted;
    if (to == null) {
      throw new IllegalStateException("no request is being read");
    }
    return to;
  }

  private ChannelResponder requireResponder() {
    ChannelResponder to = responder;
    if (to == null) {
      throw new IllegalStateException("no request is being read");
    }
    return to;
  }

  private static @Nullable InetAddress remote(ChannelHandlerContext ctx) {
    InetAddress proxied = ctx.channel().attr(ProxyProtocolHandler.CLIENT).get();
    if (proxied == null && ctx.channel().parent() != null) {
      proxied = ctx.channel().parent().attr(ProxyProtocolHandler.CLIENT).get();
    }
    if (proxied != null) {
      return proxied;
    }
    return ctx.channel().remoteAddress() instanceof InetSocketAddress address
        ? address.getAddress()
        : parentAddress(ctx);
  }

  private static @Nullable InetAddress parentAddress(ChannelHandlerContext ctx) {
    return ctx.channel().parent() != null
            && ctx.channel().parent().remoteAddress() instanceof InetSocketAddress address
        ? address.getAddress()
        : null;
  }

  static boolean wantsClose(HttpRequest request) {
    return !HttpUtil.isKeepAlive(request)
        || request.headers().contains(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE, true);
  }
}
