package io.penstock.providers;

import io.netty.buffer.ByteBuf;
import io.netty.util.internal.EmptyArrays;
import io.penstock.core.FailureKind;
import io.penstock.core.body.BodyMemory;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Decodes AWS event-stream frames ({@code application/vnd.amazon.eventstream}) as their bytes
 * arrive, whatever way they are split. A frame is: total length, headers length and the CRC of
 * both, headers, payload, CRC of all before; big endian.
 *
 * <p>Confined to one thread; holds no buffer of Netty's. A large frame is kept and read in the
 * memory that there is for bodies, so that {@link #close} must be called; it is safe to call again.
 */
public final class EventStreamDecoder implements AutoCloseable {
  /** Larger than the service's own limit of 24 MiB. */
  public static final int MAX_FRAME_BYTES = 32 * 1024 * 1024;

  private static final int PRELUDE = 12;

  /** What reading a large frame takes: it is unpacked and read as text. */
  private static final int HEAP_PER_BYTE = 4;

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
   * @param kind {@code event}, {@code exception} or {@code error}
   * @param type the type of the event, the exception or the error; "" for none
   * @param bytes the payload lies at {@code [from, to)}; not to be changed
   */
  public record Message(String kind, String type, byte[] bytes, int from, int to) {}

  private final CRC32 crc = new CRC32();
  private final Headers headers = new Headers();
  private byte[] held = EmptyArrays.EMPTY_BYTES;
  private int length;
  private long taken;

  /**
   * Decodes a chunk.
   *
   * @param chunk borrowed
   * @throws ProviderException MALFORMED when a checksum or a length is wrong, or there is no memory
   *     for a frame
   */
  public void feed(ByteBuf chunk, Listener listener) {
    int more = chunk.readableBytes();
    if (length + more > held.length) {
      grow(length + more);
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
      if (length == 0) {
        // Whoever listens has closed it.
        return;
      }
      at += total;
    }
    if (at > 0) {
      System.arraycopy(held, at, held, 0, length - at);
      length -= at;
      if (taken > 0 && length <= BodyMemory.SMALL) {
        held = Arrays.copyOf(held, BodyMemory.SMALL);
        giveBack();
      }
    }
  }

  private void grow(int least) {
    int size = Math.max(4096, least * 2);
    if (size > BodyMemory.SMALL) {
      long takes = (long) HEAP_PER_BYTE * size;
      if (!BodyMemory.HEAP.take(takes - taken)) {
        throw new ProviderException(
            Failure.of(
                FailureKind.TOO_LARGE,
                "there is no memory now for a frame of over "
                    + least
                    + " bytes, which takes "
                    + takes));
      }
      taken = takes;
    }
    held = Arrays.copyOf(held, size);
  }

  private void giveBack() {
    BodyMemory.HEAP.give(taken);
    taken = 0;
  }

  /** Lets go of what is held. */
  @Override
  public void close() {
    held = EmptyArrays.EMPTY_BYTES;
    length = 0;
    giveBack();
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
    headers.read(held, at + PRELUDE, headersEnd);
    return new Message(headers.kind(), headers.type(), held, headersEnd, end);
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

  /** The headers of one message after the other; most messages repeat those of the one before. */
  private static final class Headers {
    private static final Name KIND = new Name(":message-type");
    private static final List<Name> TYPES =
        List.of(new Name(":event-type"), new Name(":exception-type"), new Name(":error-code"));

    private String kind = "";
    private String type = "";
    private String lastKind = "";
    private String lastType = "";

    /** A header's name as it is on the wire. */
    private record Name(byte[] ascii) {
      Name(String name) {
        this(name.getBytes(StandardCharsets.US_ASCII));
      }

      boolean is(byte[] frame, int at, int bytes) {
        return Arrays.equals(frame, at, at + bytes, ascii, 0, ascii.length);
      }
    }

    String kind() {
      return kind.isEmpty() ? "event" : kind;
    }

    String type() {
      return type;
    }

    void read(byte[] frame, int from, int to) {
      ByteBuffer in = ByteBuffer.wrap(frame, from, to - from);
      lastKind = kind.isEmpty() ? lastKind : kind;
      lastType = type.isEmpty() ? lastType : type;
      kind = "";
      type = "";
      int rank = TYPES.size();
      try {
        while (in.hasRemaining()) {
          int bytes = in.get() & 0xFF;
          int name = in.position();
          skip(in, bytes);
          byte valueType = in.get();
          if (valueType != 7) {
            skip(in, width(in, valueType));
            continue;
          }
          int length = in.getShort() & 0xFFFF;
          int value = in.position();
          skip(in, length);
          if (KIND.is(frame, name, bytes)) {
            kind = text(frame, value, length, lastKind);
          }
          for (int i = 0; i < rank; i++) {
            if (TYPES.get(i).is(frame, name, bytes)) {
              type = text(frame, value, length, lastType);
              rank = i;
            }
          }
        }
      } catch (BufferUnderflowException e) {
        throw malformed("the headers of a frame are cut short");
      }
    }

    private static int width(ByteBuffer in, byte valueType) {
      return switch (valueType) {
        case 0, 1 -> 0; // true, false
        case 2 -> 1;
        case 3 -> 2;
        case 4 -> 4;
        case 5, 8 -> 8;
        case 6 -> in.getShort() & 0xFFFF;
        case 9 -> 16;
        default -> throw malformed("a header of type " + valueType + " (expected: 0 to 9)");
      };
    }

    private static void skip(ByteBuffer in, int bytes) {
      if (bytes > in.remaining()) {
        throw new BufferUnderflowException();
      }
      in.position(in.position() + bytes);
    }

    /** Returns the text; the last one when it is the same. */
    private static String text(byte[] frame, int at, int bytes, String last) {
      return SseData.is(frame, at, at + bytes, last)
          ? last
          : new String(frame, at, bytes, StandardCharsets.UTF_8);
    }
  }
}
