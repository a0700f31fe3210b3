package io.penstock.server.client;

import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.penstock.server.upstream.Descriptors;

/**
 * The ends of pipelines, where Netty would tell the log of what nobody has handled, with a stack
 * trace for each connection. Stateless.
 */
final class LastResort {
  private LastResort() {}

  /** Ends an HTTP/2 connection: its client left, or does not speak the protocol. */
  @Sharable
  static final class OfConnection extends ChannelInboundHandlerAdapter {
    static final OfConnection INSTANCE = new OfConnection();

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      // Of a breach of protocol the codec has told the client, and closes when that is written.
      if (!(cause instanceof Http2Exception)) {
        // From the front: the codec would wait for its streams.
        ctx.pipeline().firstContext().close();
      }
    }
  }

  /** Tells why a port accepts no connection. */
  @Sharable
  static final class OfListener extends ChannelInboundHandlerAdapter {
    static final OfListener INSTANCE = new OfListener();

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (!Descriptors.PROCESS.areLacking(cause)) {
        ctx.fireExceptionCaught(cause);
      }
    }
  }
}
