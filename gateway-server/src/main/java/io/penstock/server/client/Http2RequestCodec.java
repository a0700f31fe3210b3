package io.penstock.server.client;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2StreamFrame;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import java.util.List;
import java.util.Map;

/**
 * The request of an HTTP/2 stream as HTTP/1.1 would have it. One whose head or trailers are over
 * the limit is marked as the decoder of HTTP/1.1 does it, and so refused in its dialect, counted
 * and recorded. Netty refuses without all of that, where nobody is asked: at {@link #mostBytes}.
 */
final class Http2RequestCodec extends Http2StreamFrameToHttpObjectCodec {
  /** What a field counts beside its letters (RFC 9113, 6.5.2). */
  private static final int FIELD = 32;

  private final int maxBytes;

  Http2RequestCodec(int maxBytes) {
    super(true);
    this.maxBytes = maxBytes;
  }

  /**
   * Returns how large a head may be to be read at all, and what clients are told: so much and a
   * quarter more is what a connection may have sent of one that is not complete. What is read of it
   * beyond the limit lives until it is refused, which is at once.
   */
  static long mostBytes(int maxBytes) {
    return 2L * maxBytes;
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, Http2StreamFrame frame, List<Object> out)
      throws Exception {
    super.decode(ctx, frame, out);
    if (frame instanceof Http2HeadersFrame head && bytes(head.headers()) > maxBytes) {
      for (Object message : out) {
        if (message instanceof HttpObject object) {
          object.setDecoderResult(
              DecoderResult.failure(
                  new TooLongHttpHeaderException("more than " + maxBytes + " bytes")));
        }
      }
    }
  }

  private static long bytes(Http2Headers headers) {
    long sum = 0;
    for (Map.Entry<CharSequence, CharSequence> field : headers) {
      sum += FIELD + field.getKey().length() + field.getValue().length();
    }
    return sum;
  }
}
