package io.penstock.server.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Writes a whole request of common size as one buffer. Its body is on the heap and copied for the
 * socket in any case; apart from the head it is a buffer, two promises and a gathering write more.
 */
final class RequestEncoder extends HttpRequestEncoder {
  /** More than most heads have; the buffer grows for others. */
  private static final int HEAD_BYTES = 1024;

  /** With TLS a body goes out in pieces: a large one is not copied as a whole before. */
  private static final int MAX_COPIED = 64 * 1024;

  private static final int CRLF = ('\r' << 8) | '\n';

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
      ctx.write(together(ctx, whole), promise);
    } else {
      super.write(ctx, message, promise);
    }
  }

  private ByteBuf together(ChannelHandlerContext ctx, FullHttpRequest whole) throws Exception {
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

  private static boolean isCopied(FullHttpRequest whole) {
    return whole.content().readableBytes() <= MAX_COPIED
        && !HttpUtil.isTransferEncodingChunked(whole);
  }
}
