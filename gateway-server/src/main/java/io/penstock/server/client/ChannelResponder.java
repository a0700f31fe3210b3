package io.penstock.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/** Writes one answer to its channel. */
final class ChannelResponder implements Responder {
  /** What is written counts as taken when all of it is: one large piece would look like a stall. */
  private static final int PIECE = 16 * 1024;

  private static final AsciiString CLIENT_ID = AsciiString.cached("x-client-request-id");

  /** As OpenAI takes it. */
  private static final int LONGEST_ID = 512;

  private final ChannelHandlerContext ctx;
  private final ClientHandler handler;
  private final boolean http2;
  private final boolean http10;
  private final boolean headOnly;
  private final @Nullable String clientId;
  private boolean close;
  private boolean begun;
  private boolean ended;
  private boolean gone;

  ChannelResponder(
      ChannelHandlerContext ctx, ClientHandler handler, HttpRequest request, boolean http2) {
    this.ctx = ctx;
    this.handler = handler;
    this.http2 = http2;
    this.http10 = request.protocolVersion().equals(HttpVersion.HTTP_1_0);
    this.headOnly = request.method().equals(HttpMethod.HEAD);
    this.clientId = request.headers().get(CLIENT_ID);
    this.close = !http2 && wantsClose(request);
  }

  /** Behind CONNECT may come what was meant for a tunnel: none of it is read as a request. */
  private static boolean wantsClose(HttpRequest request) {
    return request.method().equals(HttpMethod.CONNECT)
        || !HttpUtil.isKeepAlive(request)
        || request.headers().contains(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE, true);
  }

  void closeAfter() {
    close = true;
  }

  /** Returns whether the connection ends with this answer. */
  boolean isLast() {
    return close;
  }

  /** Returns whether the answer is that of an HTTP/2 stream, which has its own end. */
  boolean isOfStream() {
    return http2;
  }

  void gone() {
    gone = true;
  }

  boolean isEnded() {
    return ended;
  }

  void sendContinue() {
    ctx.writeAndFlush(
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
  }

  @Override
  public void reply(int status, HttpHeaders headers, ByteBuf body) {
    if (gone || begun) {
      body.release();
      return;
    }
    begun = true;
    if (isLengthKnown(status, body) && !headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
      headers.set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
    }
    connection(headers);
    ByteBuf shown = body;
    if (headOnly) {
      body.release();
      shown = Unpooled.EMPTY_BUFFER;
    }
    if (shown.readableBytes() > PIECE) {
      inPieces(status, headers, shown);
      return;
    }
    finish(
        ctx.writeAndFlush(
            new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(status),
                shown,
                headers,
                EmptyHttpHeaders.INSTANCE)));
  }

  /** Without a body, some answers say how long it would have been: not 0. */
  private boolean isLengthKnown(int status, ByteBuf body) {
    return body.isReadable()
        || !headOnly
            && status != HttpResponseStatus.NO_CONTENT.code()
            && status != HttpResponseStatus.NOT_MODIFIED.code();
  }

  private void inPieces(int status, HttpHeaders headers, ByteBuf body) {
    write(
        new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), headers));
    writeAllButLastPiece(body);
    finish(ctx.writeAndFlush(new DefaultLastHttpContent(body)));
  }

  @Override
  public void head(int status, HttpHeaders headers) {
    if (gone || begun) {
      return;
    }
    begun = true;
    if (http10) {
      close = true;
    } else if (!http2) {
      headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
    }
    connection(headers);
    write(
        new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), headers));
  }

  private void connection(HttpHeaders headers) {
    if (clientId != null && isPlain(clientId)) {
      headers.set(CLIENT_ID, clientId);
    }
    if (http2) {
      return;
    }
    if (close) {
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    } else if (http10) {
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
    }
  }

  /** Whether a client's text may stand in a header as it is. */
  private static boolean isPlain(String text) {
    return text.length() <= LONGEST_ID && text.chars().allMatch(c -> c >= 0x20 && c <= 0x7e);
  }

  @Override
  public void write(ByteBuf data) {
    if (gone || ended || headOnly) {
      data.release();
      return;
    }
    writeAllButLastPiece(data);
    write(new DefaultHttpContent(data));
  }

  private void writeAllButLastPiece(ByteBuf data) {
    while (data.readableBytes() > PIECE) {
      write(new DefaultHttpContent(data.readRetainedSlice(PIECE)));
    }
  }

  private void write(Object message) {
    // A failed write closes the channel, and that is how the request learns of it.
    ctx.write(message).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
  }

  @Override
  public void flush() {
    if (!gone && !ended) {
      ctx.flush();
    }
  }

  @Override
  public void end() {
    if (!gone && !ended) {
      finish(ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT));
    }
  }

  /** A connection is closed by its handler: once the rest of the request has been read away. */
  private void finish(ChannelFuture written) {
    ended = true;
    if (close && http2) {
      written.addListener(ChannelFutureListener.CLOSE);
    } else if (!written.isSuccess()) {
      written.addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }
    handler.answered(ctx, written);
  }

  /**
   * Tells a client that still sends that no more is said to it. To close would reset what it has
   * not read yet (RFC 9112, 9.6). With TLS, which cannot be half closed, the answer alone says it.
   */
  void endOutput() {
    if (ctx.channel() instanceof DuplexChannel socket
        && !socket.isOutputShutdown()
        && ctx.pipeline().get(SslHandler.class) == null) {
      socket.shutdownOutput();
    }
  }

  @Override
  public void abort() {
    if (!gone && !ended) {
      begun = true;
      close = true;
      // Behind the answers before it, and behind what it has given so far. A stream has just one.
      ChannelFuture last =
          http2 ? ctx.newSucceededFuture() : ctx.writeAndFlush(Unpooled.EMPTY_BUFFER);
      last.addListener(ChannelFutureListener.CLOSE);
      finish(last);
    }
  }

  @Override
  public boolean isWritable() {
    return gone || ctx.channel().isWritable();
  }
}
