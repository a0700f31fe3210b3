package io.penstock.server.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.HttpUtil;
import io.penstock.server.wire.OneBuffer;

/**
 * Writes a whole request of common size as {@link OneBuffer}: its body is on the heap and copied
 * for the socket in any case.
 */
final class RequestEncoder extends HttpRequestEncoder {
  /** With TLS a body goes out in pieces: a large one is not copied as a whole before. */
  private static final int MAX_COPIED = 64 * 1024;

  private final OneBuffer.Head<FullHttpRequest> head = this::encodeHead;
  private final AnswerDecoder decoder;

  /**
   * Creates an encoder.
   *
   * @param decoder told of each request: what an answer's body is depends on it
   */
  RequestEncoder(AnswerDecoder decoder) {
    this.decoder = decoder;
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise)
      throws Exception {
    if (message instanceof HttpRequest request) {
      decoder.expect(request);
    }
    if (message instanceof FullHttpRequest whole && isCopied(whole)) {
      ctx.write(OneBuffer.of(ctx.alloc(), whole, head), promise);
    } else {
      super.write(ctx, message, promise);
    }
  }

  private void encodeHead(ByteBuf into, FullHttpRequest whole) throws Exception {
    encodeInitialLine(into, whole);
    encodeHeaders(whole.headers(), into);
  }

  private static boolean isCopied(FullHttpRequest whole) {
    return whole.content().readableBytes() <= MAX_COPIED
        && !HttpUtil.isTransferEncodingChunked(whole);
  }
}
