package io.penstock.server.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.FullHttpMessage;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * A whole message, or a chunk of one, in one buffer. Apart, as Netty writes them, head and body are
 * two buffers, three promises and a gathering write for every message, and a chunk is three buffers
 * with four; its encoders have no setting for it.
 */
public final class OneBuffer {
  /** More than most heads have; the buffer grows for others. */
  private static final int HEAD_BYTES = 1024;

  /** The length of a chunk, eight digits at most, and two ends of lines. */
  private static final int FRAME_BYTES = 12;

  private static final int CRLF = ('\r' << 8) | '\n';

  private OneBuffer() {}

  /**
   * Writes the first line and the headers of a message, without the empty line after them. An
   * encoder has one for all its messages.
   */
  @FunctionalInterface
  public interface Head<M extends FullHttpMessage> {
    /** Writes into a borrowed buffer. */
    void write(ByteBuf into, M message) throws Exception;
  }

  /**
   * Returns the bytes of a message.
   *
   * @param whole owned by this method, which releases it also when it fails
   * @return owned by the caller
   * @throws Exception what the head's encoder throws
   */
  public static <M extends FullHttpMessage> ByteBuf of(
      ByteBufAllocator allocator, M whole, Head<M> head) throws Exception {
    @Nullable ByteBuf bytes = allocator.buffer(HEAD_BYTES + whole.content().readableBytes());
    try {
      head.write(bytes, whole);
      ByteBufUtil.writeShortBE(bytes, CRLF);
      ByteBuf done = bytes.writeBytes(whole.content());
      bytes = null;
      return done;
    } finally {
      whole.release();
      ReferenceCountUtil.release(bytes);
    }
  }

  /**
   * Returns the bytes of a chunk (RFC 9112, 7.1).
   *
   * @param data at least one byte, owned by this method
   * @return owned by the caller
   */
  public static ByteBuf chunk(ByteBufAllocator allocator, ByteBuf data) {
    try {
      int length = data.readableBytes();
      ByteBuf bytes = allocator.buffer(FRAME_BYTES + length);
      for (int shift = (31 - Integer.numberOfLeadingZeros(length)) & ~3; shift >= 0; shift -= 4) {
        bytes.writeByte(Character.forDigit(length >>> shift & 0xF, 16));
      }
      ByteBufUtil.writeShortBE(bytes, CRLF);
      bytes.writeBytes(data);
      return ByteBufUtil.writeShortBE(bytes, CRLF);
    } finally {
      data.release();
    }
  }
}
