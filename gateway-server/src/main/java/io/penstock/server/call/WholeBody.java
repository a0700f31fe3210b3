package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.providers.Answer;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.Provider;
import io.penstock.providers.ProviderException;
import io.penstock.providers.UnaryReader;
import java.nio.charset.StandardCharsets;

/** The body of an answer that is read once it is whole. Confined to its event loop. */
final class WholeBody {
  static final int MAX_ANSWER_BYTES = 256 * 1024 * 1024;
  private static final int MAX_ERROR_BYTES = 64 * 1024;

  /** No model writes more text than that. */
  private static final int MAX_TEXT_BYTES = 1024 * 1024;

  private final Provider provider;
  private final int status;
  private final HeaderLookup headers;
  private ByteBuf bytes = Unpooled.EMPTY_BUFFER;

  /** Creates an empty body, to be released once. */
  WholeBody(Provider provider, int status, HeaderLookup headers) {
    this.provider = provider;
    this.status = status;
    this.headers = headers;
  }

  /** Takes a piece, borrowed; false when an answer becomes too large. Errors are cut off. */
  boolean add(ByteBuf data) {
    int max = isSuccess() ? MAX_ANSWER_BYTES : MAX_ERROR_BYTES;
    if (bytes.readableBytes() + data.readableBytes() <= max) {
      if (data.isReadable()) {
        bytes = bytes.isReadable() ? joined(data.retainedSlice()) : data.retainedSlice();
      }
      return true;
    }
    return !isSuccess();
  }

  /** Most answers are one piece and need no more than that. */
  private ByteBuf joined(ByteBuf more) {
    if (bytes instanceof CompositeByteBuf several) {
      return several.addComponent(true, more);
    }
    return ByteBufAllocator.DEFAULT.compositeBuffer(1024).addComponents(true, bytes, more);
  }

  /**
   * Reads the answer.
   *
   * @param streamAsked whether this should have been a stream: then it is an error inside a 200, or
   *     not the protocol
   * @throws ProviderException when it is no success
   */
  Answer read(boolean streamAsked, UnaryReader reader) {
    if (!isSuccess() || streamAsked) {
      throw new ProviderException(provider.classify(status, headers, bytes));
    }
    return reader.read(headers, bytes);
  }

  /** Returns what has come of an answer, as it came; "" of an error. */
  String text() {
    int length = isSuccess() ? Math.min(MAX_TEXT_BYTES, bytes.readableBytes()) : 0;
    return bytes.toString(bytes.readerIndex(), length, StandardCharsets.UTF_8);
  }

  private boolean isSuccess() {
    return status >= 200 && status < 300;
  }

  void release() {
    bytes.release();
  }
}
