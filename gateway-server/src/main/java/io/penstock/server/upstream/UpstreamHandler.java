package io.penstock.server.upstream;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.penstock.core.FailureKind;
import org.jspecify.annotations.Nullable;

/** The end of a connection's pipeline: hands what arrives to the request that is under way. */
final class UpstreamHandler extends ChannelInboundHandlerAdapter {
  private final UpstreamPool pool;
  private final Origin origin;
  private final Watch watch;
  private @Nullable UpstreamCall current;
  private boolean keepAlive;
  private boolean informational;

  UpstreamHandler(UpstreamPool pool, Origin origin, Watch watch) {
    this.pool = pool;
    this.origin = origin;
    this.watch = watch;
  }

  Watch watch() {
    return watch;
  }

  void start(UpstreamCall call) {
    current = call;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    try {
      UpstreamCall call = current;
      if (call == null || call.isDone()) {
        // Bytes that nobody asked for: the connection can't be trusted any more.
        ctx.close();
        return;
      }
      if (message instanceof HttpResponse response) {
        onHead(call, response);
      }
      if (message instanceof HttpContent content) {
        onContent(ctx, call, content);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void onHead(UpstreamCall call, HttpResponse response) {
    if (response.decoderResult().isFailure()) {
      call.fail(FailureKind.MALFORMED, "the answer is not HTTP");
      return;
    }
    informational = response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
    if (!informational) {
      keepAlive = HttpUtil.isKeepAlive(response);
      call.head(response.status().code(), response.headers());
    }
  }

  private void onContent(ChannelHandlerContext ctx, UpstreamCall call, HttpContent content) {
    if (content.decoderResult().isFailure()) {
      call.fail(FailureKind.MALFORMED, "the answer's body is badly framed");
      return;
    }
    if (informational) {
      return;
    }
    call.data(content.content());
    if (content instanceof LastHttpContent && !call.isDone()) {
      current = null;
      if (call.end() && keepAlive && ctx.channel().isActive()) {
        pool.release(origin, ctx.channel());
      } else {
        ctx.close();
      }
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (current != null) {
      current.readComplete();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    watch.cancel();
    UpstreamCall call = current;
    current = null;
    if (call != null) {
      call.lost();
    } else {
      pool.forget(origin, ctx.channel());
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    UpstreamCall call = current;
    if (call != null && cause instanceof DecoderException) {
      call.fail(FailureKind.MALFORMED, "the answer cannot be decoded: " + cause.getMessage());
    }
    ctx.close();
  }
}
