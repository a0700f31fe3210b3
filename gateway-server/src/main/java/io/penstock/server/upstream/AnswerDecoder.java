package io.penstock.server.upstream;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.util.ReferenceCountUtil;

/**
 * Reads the answers of a connection that has one request at a time. The answer to a HEAD has no
 * body, whatever its headers say. Bytes that answer nothing end the connection: kept, even half a
 * line of them would be the beginning of the next answer.
 */
final class AnswerDecoder extends HttpResponseDecoder {
  private boolean asked;
  private boolean heard;
  private boolean headAsked;

  AnswerDecoder(HttpDecoderConfig config) {
    super(config);
  }

  /** What is read next answers this request. */
  void expect(HttpRequest request) {
    asked = true;
    heard = false;
    headAsked = request.method().equals(HttpMethod.HEAD);
  }

  /** Returns whether any byte has come in answer to the request. */
  boolean hasHeard() {
    return heard;
  }

  /** The answer is complete; returns whether nothing has come behind it. */
  boolean answered() {
    asked = false;
    return actualReadableBytes() == 0;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object bytes) throws Exception {
    if (asked) {
      heard = true;
      super.channelRead(ctx, bytes);
    } else {
      ReferenceCountUtil.release(bytes);
      ctx.close();
    }
  }

  @Override
  protected boolean isContentAlwaysEmpty(HttpMessage message) {
    return headAsked || super.isContentAlwaysEmpty(message);
  }
}
