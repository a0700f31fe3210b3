package io.penstock.server.upstream;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpContentDecompressor;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.penstock.core.FailureKind;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The end of a connection's pipeline: hands what arrives to the request that is under way. */
final class UpstreamHandler extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(UpstreamHandler.class);

  private final UpstreamPool pool;
  private final Origin origin;
  private final Watch watch;
  private final AnswerDecoder decoder;
  private @Nullable Channel channel;
  private @Nullable UpstreamCall current;
  private @Nullable ChannelFuture sending;
  private long idleSinceNanos;
  private boolean keepAlive;
  private boolean informational;

  /** Before what decodes encoded answers; null until one has come. */
  private @Nullable Portions portions;

  UpstreamHandler(UpstreamPool pool, Origin origin, Watch watch, AnswerDecoder decoder) {
    this.pool = pool;
    this.origin = origin;
    this.watch = watch;
    this.decoder = decoder;
  }

  Watch watch() {
    return watch;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    channel = ctx.channel();
  }

  /** Returns the connection. */
  Channel channel() {
    return Objects.requireNonNull(channel, "the end of no pipeline");
  }

  /** It carries no request from that time on, on the pool's clock. */
  void idleSince(long nowNanos) {
    idleSinceNanos = nowNanos;
  }

  long idleSinceNanos() {
    return idleSinceNanos;
  }

  void start(UpstreamCall call) {
    current = call;
    sending = null;
  }

  /** The request is not on its way as a whole yet. */
  void sending(ChannelFuture whole) {
    sending = whole;
  }

  /** Nobody may read the rest of a request that has its answer, and the next would wait behind. */
  private boolean isSent() {
    return sending == null || sending.isSuccess();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (portions == null && message instanceof HttpResponse response && isEncoded(response)) {
      decompress(ctx, response);
      return;
    }
    try {
      UpstreamCall call = current;
      if (call == null || call.isDone()) {
        // Behind the end of an answer, or of one that was given up.
        if (portions != null) {
          portions.forget();
        }
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

  private static boolean isEncoded(HttpResponse response) {
    HttpHeaders headers = response.headers();
    if (headers.contains(HttpHeaderNames.CONTENT_ENCODING)) {
      return true;
    }
    String transfer = headers.get(HttpHeaderNames.TRANSFER_ENCODING);
    return transfer != null && !HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(transfer);
  }

  /**
   * Every request asks for an answer as it is; from the first that comes encoded nevertheless, the
   * answers of this connection go through what decodes them, and this one too.
   */
  private void decompress(ChannelHandlerContext ctx, HttpResponse response) {
    Portions before = new Portions();
    portions = before;
    ctx.pipeline().addBefore(ctx.name(), null, before);
    ctx.pipeline().addBefore(ctx.name(), null, new HttpContentDecompressor(0));
    ctx.pipeline().context(AnswerDecoder.class).fireChannelRead(response);
  }

  private void onHead(UpstreamCall call, HttpResponse response) {
    if (response.decoderResult().isFailure()) {
      call.fail(FailureKind.MALFORMED, "the answer is not HTTP");
      return;
    }
    if (response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS)) {
      call.fail(FailureKind.MALFORMED, "the answer switches protocols, which nobody asked for");
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
    if (portions != null) {
      portions.decoded(content.content().readableBytes());
    }
    call.data(content.content());
    if (content instanceof LastHttpContent && !call.isDone()) {
      current = null;
      boolean reusable = decoder.answered() && keepAlive && isSent();
      if (call.end() && reusable && ctx.channel().isActive()) {
        pool.idle().put(origin, this);
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
    if (current != null) {
      lost();
    } else {
      pool.idle().forget(origin, this);
    }
  }

  /** The request may go on elsewhere: what still becomes of the connection is not its affair. */
  private void lost() {
    UpstreamCall call = current;
    current = null;
    if (call != null) {
      call.lost(decoder.hasHeard());
    }
  }

  /**
   * Not all of that request could be written, and nothing is left to be read. A defect of ours is
   * no lost connection.
   */
  void lostSending(UpstreamCall call, Throwable why) {
    if (current == call && Buffers.areLacking(why)) {
      call.fail(FailureKind.NO_BUFFER, Buffers.WORDS);
    } else if (current == call) {
      current = null;
      call.lostSending(decoder.hasHeard() || !(why instanceof IOException));
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    UpstreamCall call = current;
    if (call != null && Buffers.areLacking(cause)) {
      call.fail(FailureKind.NO_BUFFER, Buffers.WORDS);
    } else if (call != null && cause instanceof DecoderException) {
      LOG.atWarn()
          .addKeyValue("from", origin)
          .addKeyValue("cause", cause)
          .log("an answer cannot be decoded");
      call.fail(FailureKind.MALFORMED, "the answer cannot be decoded");
    } else if (call != null) {
      // Before the close, which would be the proper end of an answer of no known length.
      current = null;
      // Only a connection that is gone says that nobody has read the request.
      call.lost(decoder.hasHeard() || !(cause instanceof IOException));
    }
    ctx.close();
  }
}
