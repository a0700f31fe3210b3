package io.penstock.server.call.attempt;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.core.FailureKind;
import io.penstock.core.body.BodyMemory;
import io.penstock.providers.Answer;
import io.penstock.providers.Failure;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.Provider;
import io.penstock.providers.ProviderException;
import io.penstock.providers.UnaryReader;
import java.nio.charset.StandardCharsets;

/** The body of an answer that is read once it is whole. Confined to its event loop. */
final class WholeBody {
  private static final int MAX_ERROR_BYTES = 64 * 1024;

  /** No model writes more text than that. */
  private static final int MAX_TEXT_BYTES = 1024 * 1024;

  private final Provider provider;
  private final int status;
  private final HeaderLookup headers;
  private ByteBuf bytes = Unpooled.EMPTY_BUFFER;
  private long taken;

  /** Creates an empty body, to be released once. */
  WholeBody(Provider provider, int status, HeaderLookup headers) {
    this.provider = provider;
    this.status = status;
    this.headers = headers;
  }

  /** Takes a piece, borrowed; false when there is no room for more. Errors are cut off. */
  boolean add(ByteBuf data) {
    int length = bytes.readableBytes() + data.readableBytes();
    if (!isSuccess() && length > MAX_ERROR_BYTES) {
      return true;
    }
    if (length > BodyMemory.SMALL) {
      if (!BodyMemory.BUFFERS.take(length - taken)) {
        return false;
      }
      taken = length;
    }
    if (data.isReadable()) {
      bytes = bytes.isReadable() ? joined(data.retainedSlice()) : data.retainedSlice();
    }
    return true;
  }

  /** Returns why a piece was not taken. */
  Failure tooLarge() {
    long most = BodyMemory.BUFFERS.most();
    return Failure.of(
        FailureKind.TOO_LARGE,
        "there is no room for the answer: it has over "
            + bytes.readableBytes()
            + " bytes (expected: all that are read at once <= "
            + most
            + ")");
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
   * @throws ProviderException when it is no success
   */
  Answer read(UnaryReader reader) {
    if (!isSuccess()) {
      throw new ProviderException(provider.classify(status, headers, bytes));
    }
    int length = bytes.readableBytes();
    if (length < BodyMemory.SMALL) {
      return reader.read(headers, bytes);
    }
    // A text of it, such as the words of an answer without usage, in the parser's characters.
    long takes = 2L * length;
    if (!BodyMemory.HEAP.take(takes)) {
      throw new ProviderException(
          Failure.of(
              FailureKind.TOO_LARGE,
              "there is no memory now to read the answer: its " + length + " bytes take " + takes));
    }
    try {
      return reader.read(headers, bytes);
    } finally {
      BodyMemory.HEAP.give(takes);
    }
  }

  /** Returns what has come of it, borrowed. */
  ByteBuf bytes() {
    return bytes;
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
    BodyMemory.BUFFERS.give(taken);
    taken = 0;
    bytes.release();
  }
}
