package io.penstock.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Writes a whole answer of common size as one buffer. Head and body apart, as Netty writes them,
 * are two buffers, three promises and a gathering write for every answer.
 */
final class ResponseEncoder extends HttpResponseEncoder {
  /** More than most heads have; the buffer grows for others. */
  private static final int HEAD_BYTES = 1024;

  /** A larger body costs more to copy than to write apart. */
  private static final int MAX_COPIED = 8 * 1024;

  private static final int CRLF = ('\r' << 8) | '\n';

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise)
      throws Exception {
    if (message instanceof FullHttpResponse whole && isCopied(whole)) {
      ctx.write(together(ctx, whole), promise);
    } else {
      super.write(ctx, message, promise);
    }
  }

  private ByteBuf together(ChannelHandlerContext ctx, FullHttpResponse whole) throws Exception {
    @Nullable ByteBuf bytes = ctx.alloc().buffer(HEAD_BYTES + whole.content().readableBytes());
    try {
      encodeInitialLine(bytes, whole);
      encodeHeaders(whole.headers(), bytes);
      ByteBufUtil.writeShortBE(bytes, CRLF);
      ByteBuf done = bytes.writeBytes(whole.content());
      bytes = null;
      return done;
    } finally {
      whole.release();
      ReferenceCountUtil.release(bytes);
    }
  }

  private boolean isCopied(FullHttpResponse whole) {
    return whole.content().readableBytes() <= MAX_COPIED
        && !isContentAlwaysEmpty(whole)
        && !HttpUtil.isTransferEncodingChunked(whole);
  }
}
