package io.penstock.server.client;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import java.util.concurrent.TimeUnit;

/**
 * A TLS connection whose handshake is under way: at its end it becomes one of HTTP/1.1 or HTTP/2. A
 * stop waits for that for a moment only, as for who has sent nothing at all; who only keeps the
 * connection would hold it up for as long as a handshake may take.
 */
final class Handshake extends ApplicationProtocolNegotiationHandler {
  /** Some round trips, and the work of those that came together. */
  static final long LAST_MILLIS = 2000;

  private final ClientServer.Bounded bounded;

  Handshake(ClientServer.Bounded bounded) {
    super(ApplicationProtocolNames.HTTP_1_1);
    this.bounded = bounded;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
    super.handlerAdded(ctx);
    if (bounded.isDraining()) {
      endSoon(ctx);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
    if (event == ClientServer.Drain.EVENT) {
      endSoon(ctx);
    }
    // It may be for what this one has become just now.
    super.userEventTriggered(ctx, event);
  }

  private static void endSoon(ChannelHandlerContext ctx) {
    ctx.executor()
        .schedule(
            () -> {
              if (!ctx.isRemoved()) {
                Http2StreamEnd.closeNow(ctx.channel());
              }
            },
            LAST_MILLIS,
            TimeUnit.MILLISECONDS);
  }

  @Override
  protected void configurePipeline(ChannelHandlerContext ctx, String protocol) {
    if (ApplicationProtocolNames.HTTP_2.equals(protocol)) {
      bounded.http2(ctx.pipeline());
    } else {
      bounded.http1(ctx.pipeline());
    }
  }

  @Override
  protected void handshakeFailure(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }
}
