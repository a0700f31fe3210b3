package io.penstock.server.client;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.penstock.core.GatewayException;
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
 * <p>Pipelined requests wait, and none is begun while the client takes nothing of the answers it
 * has: what waits for a client that does not read is bounded.
 */
final class ClientHandler extends ChannelInboundHandlerAdapter {
  private enum State {
    IDLE,
    BODY,
    RUNNING,
    DISCARD
  }

  /** Read away after an early answer: closing on unread bytes would reset the answer too. */
  private static final long MAX_DISCARD_BYTES = 64L * 1024 * 1024;

  /** Stands for a request whose head has not arrived. */
  private static final HttpRequest UNREAD =
      new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/");

  private final RequestSink sink;
  private final ClientLimits limits;
  private final SentAhead ahead;
  private final @Nullable StrictRequestDecoder http1;
  private State state = State.IDLE;
  private @Nullable Upload upload;
  private @Nullable Running running;
  private @Nullable ChannelResponder responder;
  private boolean bodyComplete;
  private long discarded;
  private long activeNanos = System.nanoTime();
  private final MovingDeadline deadline;
  private boolean bodyTimed;
  private boolean draining;
  private boolean served;

  /**
   * Creates the handler of one connection or stream.
   *
   * @param http1 decodes the connection; null for an HTTP/2 stream
   */
  ClientHandler(
      Channel channel,
      RequestSink sink,
      ClientLimits limits,
      @Nullable StrictRequestDecoder http1) {
    this.sink = sink;
    this.limits = limits;
    this.http1 = http1;
    this.ahead = new SentAhead(channel);
    this.deadline =
        new MovingDeadline(
            channel.eventLoop(), this::leftMillis, () -> late(channel.pipeline().context(this)));
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    deadline.set();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    // Most bodies come with their head; only one that does not needs its own time.
    if (state == State.BODY && !bodyTimed) {
      bodyTimed = true;
      deadline.set();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (!ahead.isEmpty() || mustWait(ctx)) {
      ahead.add(message);
    } else {
      take(ctx, message);
    }
  }

  private boolean mustWait(ChannelHandlerContext ctx) {
    return state == State.RUNNING || state == State.IDLE && !ctx.channel().isWritable();
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
    ChannelResponder to = new ChannelResponder(ctx, this, request, http1 == null);
    responder = to;
    bodyComplete = false;
    bodyTimed = false;
    discarded = 0;
    activeNanos = System.nanoTime();
    if (request.decoderResult().isFailure()) {
      to.closeAfter();
      state = State.DISCARD;
      sink.malformed(ReadFailures.malformed(request.decoderResult().cause()), to);
      return;
    }
    RequestHead head =
        RequestHead.of(
            request.method(),
            request.uri(),
            request.headers(),
            ProxyProtocolHandler.clientOf(ctx.channel()));
    state = State.BODY;
    RequestSink.Admitted admitted = sink.admit(head, ctx.channel().eventLoop(), to);
    if (admitted == null) {
      state = State.DISCARD;
      return;
    }
    Upload begun = new Upload(admitted, request);
    upload = begun;
    try {
      begun.checkAnnounced();
    } catch (GatewayException e) {
      refuse(e);
      return;
    }
    if (HttpUtil.is100ContinueExpected(request)) {
      to.sendContinue();
    }
  }

  private void onContent(ChannelHandlerContext ctx, HttpContent content) {
    Upload to = upload;
    if (state == State.DISCARD) {
      onDiscarded(ctx, content);
    } else if (state == State.BODY && to != null) {
      onBody(to, content);
    }
  }

  private void onBody(Upload to, HttpContent content) {
    if (content.decoderResult().isFailure()) {
      requireResponder().closeAfter();
      refuse(ReadFailures.malformed(content.decoderResult().cause()));
      return;
    }
    try {
      to.take(content.content());
    } catch (GatewayException e) {
      refuse(e);
      return;
    }
    if (content instanceof LastHttpContent) {
      bodyComplete = true;
      state = State.RUNNING;
      upload = null;
      ChannelResponder answer = requireResponder();
      Running started = to.start(answer);
      if (!answer.isEnded()) {
        running = started;
      }
    }
  }

  private void refuse(GatewayException why) {
    Upload to = upload;
    upload = null;
    state = State.DISCARD;
    activeNanos = System.nanoTime();
    if (to != null) {
      to.refuse(why, responder);
    }
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
    if (draining && ahead.isEmpty()) {
      ctx.close();
      return;
    }
    if (!ahead.isEmpty()) {
      // Not nested: a pipeline of a thousand requests must not become a thousand stack frames.
      ctx.channel().eventLoop().execute(() -> takeAhead(ctx));
    }
  }

  private void takeAhead(ChannelHandlerContext ctx) {
    while (!mustWait(ctx)) {
      Object message = ahead.poll();
      if (message == null) {
        return;
      }
      take(ctx, message);
    }
  }

  /** Ends the connection after the request under way; at once when there is none. */
  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
    if (event == ClientServer.Drain.EVENT) {
      draining = true;
      if (responder != null) {
        responder.closeAfter();
      } else if (ahead.isEmpty()) {
        ctx.close();
      }
      return;
    }
    super.userEventTriggered(ctx, event);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    boolean writable = ctx.channel().isWritable();
    if (running != null) {
      running.writabilityChanged(writable);
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
    ahead.releaseAll();
    if (responder != null) {
      responder.gone();
    }
    Upload cut = upload;
    upload = null;
    if (cut != null) {
      cut.refuse(null, null);
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

  /** Returns what is left of the client's time; a running request has other limits than these. */
  private long leftMillis() {
    long silent = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - activeNanos);
    Upload arriving = upload;
    return switch (state) {
      case IDLE -> (served ? limits.keepAliveMillis() : limits.headMillis()) - silent;
      case BODY -> arriving == null ? 0 : arriving.leftMillis(limits.bodyMillis());
      case DISCARD -> limits.bodyMillis() - silent;
      case RUNNING -> limits.keepAliveMillis();
    };
  }

  private void late(ChannelHandlerContext ctx) {
    if (state == State.BODY) {
      requireResponder().closeAfter();
      refuse(ReadFailures.bodyTooSlow(limits.bodyMillis()));
    } else if (state == State.IDLE && http1 != null && http1.isHeadBegun()) {
      ChannelResponder to = new ChannelResponder(ctx, this, UNREAD, false);
      to.closeAfter();
      responder = to;
      sink.malformed(ReadFailures.headTooSlow(limits.headMillis()), to);
    } else if (state != State.RUNNING) {
      ctx.close();
    }
  }

  private ChannelResponder requireResponder() {
    ChannelResponder to = responder;
    if (to == null) {
      throw new IllegalStateException("no request is being read");
    }
    return to;
  }
}
