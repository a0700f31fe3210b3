package io.penstock.server.upstream;

import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseDecoder;

/**
 * Reads the answers of a connection that has one request at a time. The answer to a HEAD has no
 * body, whatever its headers say.
 */
final class AnswerDecoder extends HttpResponseDecoder {
  private boolean headAsked;

  AnswerDecoder(HttpDecoderConfig config) {
    super(config);
  }

  /** What is read next answers this request. */
  void expect(HttpRequest request) {
    headAsked = request.method().equals(HttpMethod.HEAD);
  }

  @Override
  protected boolean isContentAlwaysEmpty(HttpMessage message) {
    return headAsked || super.isContentAlwaysEmpty(message);
  }
}
