package io.penstock.providers;

import io.netty.buffer.ByteBuf;
import io.netty.util.internal.EmptyArrays;
import io.penstock.core.FailureKind;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * Decodes AWS event-stream frames ({@code application/vnd.amazon.eventstream}) as their bytes
 * arrive, whatever way they are split. A frame is: total length, headers length and the CRC of
 * both, headers, payload, CRC of all before; big endian.
 *
 * <p>Confined to one thread; holds no buffer of Netty's, so there is nothing to release.
 */
public final class EventStreamDecoder {
  /** Larger than the service's own limit of 24 MiB. */
  public static final int MAX_FRAME_BYTES = 32 * 1024 * 1024;

  private static final int PRELUDE = 12;
  private static final int MAX_HEADER_BYTES = 128 * 1024;

  /** Receives whole messages. */
  @FunctionalInterface
  public interface Listener {
    /** One message; its payload is valid only during the call. */
    void onMessage(Message message);
  }

  /**
   * One message.
   *
   * @param headers string headers by name, for example {@code :event-type}; others are left out
   * @param bytes the payload lies at {@code [from, to)}; not to be changed
   */
  public record Message(Map<String, String> headers, byte[] bytes, int from, int to) {
    /** Returns {@code event}, {@code exception} or {@code error}. */
    public String kind() {
      return headers.getOrDefault(":message-type", "event");
    }

    /** Returns the type of the event, the exception or the error. */
    public String type() {
      String type = headers.get(":event-type");
      type = type == null ? headers.get(":exception-type") : type;
      return type == null ? headers.getOrDefault(":error-code", "") : type;
    }

    /** Returns the payload as text. */
    public String text() {
      return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }
  }

  private final CRC32 crc = new CRC32();
  private byte[] held = EmptyArrays.EMPTY_BYTES;
  private int length;

  /**
   * Decodes a chunk.
   *
   * @param chunk borrowed
   * @throws ProviderException MALFORMED when a checksum or a length is wrong
   */
  public void feed(ByteBuf chunk, Listener listener) {
    int more = chunk.readableBytes();
    if (length + more > held.length) {
      held = Arrays.copyOf(held, Math.max(4096, (length + more) * 2));
    }
    chunk.getBytes(chunk.readerIndex(), held, length, more);
    length += more;
    int at = 0;
    while (length - at >= PRELUDE) {
      int total = frameLength(at);
      if (length - at < total) {
        break;
      }
      listener.onMessage(message(at, total));
      at += total;
    }
    if (at > 0) {
      System.arraycopy(held, at, held, 0, length - at);
      length -= at;
    }
  }

  /** Returns whether the stream ended inside a frame. */
  public boolean hasPartial() {
    return length > 0;
  }

  private int frameLength(int at) {
    ByteBuffer frame = ByteBuffer.wrap(held);
    int total = frame.getInt(at);
    int headers = frame.getInt(at + 4);
    if (crc(at, 8) != frame.getInt(at + 8)) {
      throw malformed("the checksum of a frame's prelude is wrong");
    }
    if (total > MAX_FRAME_BYTES
        || headers < 0
        || headers > MAX_HEADER_BYTES
        || total < PRELUDE + 4 + headers) {
      throw malformed("a frame of " + total + " bytes with " + headers + " bytes of headers");
    }
    return total;
  }

  private Message message(int at, int total) {
    ByteBuffer frame = ByteBuffer.wrap(held);
    int end = at + total - 4;
    if (crc(at, total - 4) != frame.getInt(end)) {
      throw malformed("the checksum of a frame is wrong");
    }
    int headersEnd = at + PRELUDE + frame.getInt(at + 4);
    return new Message(headers(at + PRELUDE, headersEnd), held, headersEnd, end);
  }

  private Map<String, String> headers(int from, int to) {
    Map<String, String> headers = new HashMap<>(8);
    ByteBuffer in = ByteBuffer.wrap(held, from, to - from);
    try {
      while (in.hasRemaining()) {
        String name = text(in, in.get() & 0xFF);
        byte type = in.get();
        switch (type) {
          case 0, 1 -> {} // true, false: no bytes
          case 2 -> skip(in, 1);
          case 3 -> skip(in, 2);
          case 4 -> skip(in, 4);
          case 5, 8 -> skip(in, 8);
          case 6 -> skip(in, in.getShort() & 0xFFFF);
          case 7 -> headers.put(name, text(in, in.getShort() & 0xFFFF));
          case 9 -> skip(in, 16);
          default -> throw malformed("a header of type " + type + " (expected: 0 to 9)");
        }
      }
    } catch (BufferUnderflowException e) {
      throw malformed("the headers of a frame are cut short");
    }
    return headers;
  }

  private static void skip(ByteBuffer in, int bytes) {
    if (bytes > in.remaining()) {
      throw malformed("the headers of a frame are cut short");
    }
    in.position(in.position() + bytes);
  }

  private static String text(ByteBuffer in, int bytes) {
    if (bytes > in.remaining()) {
      throw malformed("the headers of a frame are cut short");
    }
    byte[] text = new byte[bytes];
    in.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }

  private int crc(int from, int bytes) {
    crc.reset();
    crc.update(held, from, bytes);
    return (int) crc.getValue();
  }

  private static ProviderException malformed(String why) {
    return new ProviderException(
        Failure.of(FailureKind.MALFORMED, "The provider's event stream is broken: " + why + "."));
  }
}
