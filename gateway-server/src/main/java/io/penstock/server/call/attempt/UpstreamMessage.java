package io.penstock.server.call.attempt;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.penstock.providers.UpstreamRequest;
import io.penstock.server.call.RequestHeaders;
import io.penstock.server.targets.KeySpread;
import io.penstock.server.targets.ProviderRuntime;
import org.jspecify.annotations.Nullable;

/** What goes to a provider, as HTTP. Stateless. */
public final class UpstreamMessage {
  private UpstreamMessage() {}

  /** Returns the message, or null when there is no valid credential right now. */
  public static @Nullable FullHttpRequest of(
      ProviderRuntime provider,
      UpstreamRequest request,
      KeySpread.@Nullable Slot key,
      String traceparent) {
    HttpHeaders to = DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
    to.set(HttpHeaderNames.HOST, provider.origin().authority());
    for (UpstreamRequest.Header header : request.headers()) {
      to.set(header.name(), header.value());
    }
    to.set(HttpHeaderNames.CONTENT_LENGTH, request.body().length);
    to.set(HttpHeaderNames.ACCEPT_ENCODING, HttpHeaderValues.IDENTITY);
    if (!traceparent.isEmpty()) {
      to.set(RequestHeaders.TRACEPARENT, traceparent);
    }
    if (!provider.authorize(request.method(), request.path(), request.body(), key, to)) {
      return null;
    }
    return new DefaultFullHttpRequest(
        HttpVersion.HTTP_1_1,
        HttpMethod.valueOf(request.method()),
        provider.basePath() + request.path(),
        Unpooled.wrappedBuffer(request.body()),
        to,
        EmptyHttpHeaders.INSTANCE);
  }
}
