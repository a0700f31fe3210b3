package io.penstock.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ByteProcessor;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 request decoder that refuses what two parsers could read differently: a message with
 * both Content-Length and Transfer-Encoding (RFC 9112, 6.1), a Transfer-Encoding that is not just
 * chunked or not of HTTP/1.1 (6.1, 6.3), folded header lines (5.2), several Host headers or none
 * (3.2), another major version (2.3). Netty mends them silently, which is right for a client and
 * wrong for a gateway.
 *
 * <p>Behind a message that is malformed nothing is a request any more: it is read away.
 */
final class StrictRequestDecoder extends HttpRequestDecoder {
  private static final byte CR = '\r';
  private static final byte LF = '\n';

  private boolean inHead = true;
  private boolean headBegun;
  private boolean folded;
  private boolean ambiguousLength;
  private boolean broken;
  private long skipped;

  StrictRequestDecoder(HttpDecoderConfig config) {
    super(config);
  }

  /** Returns whether a request has begun whose head is not complete. */
  boolean isHeadBegun() {
    return inHead && headBegun && !broken;
  }

  /** Returns whether a message was malformed: none follows it. */
  boolean isBroken() {
    return broken;
  }

  /** Returns the bytes that were read away since then. */
  long skippedBytes() {
    return skipped;
  }

  @Override
  protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
    ambiguousLength = true;
    super.handleTransferEncodingChunkedWithContentLength(message);
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
    if (broken) {
      skipped += in.readableBytes();
      in.skipBytes(in.readableBytes());
      return;
    }
    if (inHead && in.isReadable()) {
      findFold(in);
    }
    int before = out.size();
    super.decode(ctx, in, out);
    for (int i = before; i < out.size(); i++) {
      Object message = out.get(i);
      if (message instanceof HttpRequest request) {
        mark(request);
        inHead = false;
      }
      if (message instanceof LastHttpContent) {
        inHead = true;
        headBegun = false;
      }
      broken |= message instanceof HttpObject object && object.decoderResult().isFailure();
    }
  }

  private void mark(HttpRequest request) {
    String what = request.decoderResult().isFailure() ? null : ambiguity(request);
    if (what != null) {
      request.setDecoderResult(DecoderResult.failure(new IllegalArgumentException(what)));
    }
    folded = false;
    ambiguousLength = false;
  }

  private @Nullable String ambiguity(HttpRequest request) {
    if (request.protocolVersion().majorVersion() != 1) {
      return "HTTP version other than 1.0 and 1.1";
    }
    if (folded) {
      return "folded header line";
    }
    if (ambiguousLength) {
      return "both content-length and transfer-encoding";
    }
    HttpHeaders headers = request.headers();
    if (headers.contains(HttpHeaderNames.TRANSFER_ENCODING) && !isChunked(request)) {
      return "transfer-encoding other than chunked";
    }
    Iterator<? extends CharSequence> hosts =
        headers.valueCharSequenceIterator(HttpHeaderNames.HOST);
    if (hosts.hasNext()) {
      hosts.next();
    } else if (!request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
      return "no host header";
    }
    return hosts.hasNext() ? "several host headers" : null;
  }

  private static boolean isChunked(HttpRequest request) {
    List<String> encodings = request.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
    return encodings.size() == 1
        && HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(encodings.getFirst())
        && request.protocolVersion().equals(HttpVersion.HTTP_1_1);
  }

  /** Looks for a line of the head that begins with white space. */
  private void findFold(ByteBuf in) {
    int end = in.writerIndex();
    int at = in.readerIndex();
    if (!headBegun) {
      // Empty lines before a request are none of it (RFC 9112, 2.2).
      at = in.forEachByte(ByteProcessor.FIND_NON_CRLF);
      headBegun = at >= 0;
    } else if (isSpace(in.getByte(at))) {
      folded = true;
    }
    int lf = headBegun && !folded ? in.indexOf(at, end, LF) : -1;
    while (lf >= 0 && lf + 1 < end) {
      byte next = in.getByte(lf + 1);
      if (next == CR || next == LF) {
        break;
      }
      folded |= isSpace(next);
      lf = folded ? -1 : in.indexOf(lf + 1, end, LF);
    }
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\t';
  }
}
