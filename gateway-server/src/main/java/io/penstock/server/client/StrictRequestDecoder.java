package io.penstock.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/**
 * An HTTP/1.1 request decoder that refuses what two parsers could read differently: a message with
 * both Content-Length and Transfer-Encoding (RFC 9112, 6.1), and folded header lines (5.2). Netty
 * mends both silently, which is right for a client and wrong for a gateway.
 */
final class StrictRequestDecoder extends HttpRequestDecoder {
  private boolean inHead = true;
  private boolean headBegun;
  private boolean folded;
  private boolean ambiguousLength;

  StrictRequestDecoder(HttpDecoderConfig config) {
    super(config);
  }

  /** Returns whether a request has begun whose head is not complete. */
  boolean isHeadBegun() {
    return inHead && headBegun;
  }

  @Override
  protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
    ambiguousLength = true;
    super.handleTransferEncodingChunkedWithContentLength(message);
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
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
    }
  }

  private void mark(HttpRequest request) {
    if (folded || ambiguousLength) {
      String what = folded ? "folded header line" : "both content-length and transfer-encoding";
      request.setDecoderResult(
          io.netty.handler.codec.DecoderResult.failure(new IllegalArgumentException(what)));
    }
    folded = false;
    ambiguousLength = false;
  }

  /** Looks for a line of the head that begins with white space. */
  private void findFold(ByteBuf in) {
    int at = in.readerIndex();
    int end = in.writerIndex();
    if (headBegun && isSpace(in.getByte(at))) {
      folded = true;
      return;
    }
    while (true) {
      int lf = in.indexOf(at, end, (byte) '\n');
      if (lf < 0 || lf + 1 >= end) {
        break;
      }
      headBegun = true;
      byte next = in.getByte(lf + 1);
      if (isSpace(next)) {
        folded = true;
        return;
      }
      if (next == '\r' || next == '\n') {
        break;
      }
      at = lf + 1;
    }
    headBegun = true;
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\t';
  }
}
