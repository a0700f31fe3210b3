package io.penstock.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.penstock.server.wire.OneBuffer;

/** Writes a whole answer of common size, and each event of a stream, as {@link OneBuffer}. */
final class ResponseEncoder extends HttpResponseEncoder {
  /** A larger body costs more to copy than to write apart. */
  private static final int MAX_COPIED = 8 * 1024;

  private final OneBuffer.Head<FullHttpResponse> head = this::encodeHead;

  /** Whether what follows is framed as chunks. */
  private boolean chunks;

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise)
      throws Exception {
    if (message instanceof FullHttpResponse whole && isCopied(whole)) {
      ctx.write(OneBuffer.of(ctx.alloc(), whole, head), promise);
    } else if (chunks && message instanceof HttpContent piece && isCopied(piece)) {
      ctx.write(OneBuffer.chunk(ctx.alloc(), piece.content()), promise);
    } else {
      if (message instanceof HttpResponse begun) {
        chunks = HttpUtil.isTransferEncodingChunked(begun) && !isContentAlwaysEmpty(begun);
      }
      super.write(ctx, message, promise);
    }
  }

  private void encodeHead(ByteBuf into, FullHttpResponse whole) throws Exception {
    encodeInitialLine(into, whole);
    encodeHeaders(whole.headers(), into);
  }

  private boolean isCopied(FullHttpResponse whole) {
    return whole.content().readableBytes() <= MAX_COPIED
        && !isContentAlwaysEmpty(whole)
        && !HttpUtil.isTransferEncodingChunked(whole);
  }

  /** The last piece is the encoder's, which then expects the next head. */
  private static boolean isCopied(HttpContent piece) {
    int length = piece.content().readableBytes();
    return length > 0 && length <= MAX_COPIED && !(piece instanceof LastHttpContent);
  }
}
