package io.penstock.server.client;

import static io.netty.handler.codec.http2.Http2HeadersEncoder.NEVER_SENSITIVE;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** HTTP/2 by hand, for what no proper client does. Stateless. */
public final class Http2Frames {
  public static final int DATA = 0;
  public static final int HEADERS = 1;
  public static final int RST_STREAM = 3;
  public static final int GOAWAY = 7;
  public static final int WINDOW_UPDATE = 8;

  /** The code of a reset that says that nobody wants the stream any more. */
  public static final int CANCEL = 8;

  /** The largest frame that a server takes unless it says otherwise. */
  private static final int MAX_FRAME = 16 * 1024;

  private static final int SETTINGS = 4;
  private static final int CONTINUATION = 9;
  private static final int HEAD = 9;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int INITIAL_WINDOW_SIZE = 4;

  private Http2Frames() {}

  /** One frame. */
  public record Frame(int type, int flags, int stream, byte[] payload) {
    /** Returns whether it is the last of its stream. */
    public boolean isEnd() {
      return (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
    }

    /** Returns the number that begins its payload: the code of a reset. */
    public int number() {
      return ByteBuffer.wrap(payload).getInt();
    }
  }

  /** Returns what a client begins with, that has so many bytes of room for each stream. */
  public static byte[] preface(int window) {
    byte[] begin = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    ByteBuffer setting = ByteBuffer.allocate(6).putShort((short) INITIAL_WINDOW_SIZE);
    return join(begin, frame(SETTINGS, 0, 0, setting.putInt(window).array()));
  }

  /** Returns a whole request. */
  public static byte[] request(int stream, String path, String key, String body) {
    Http2Headers head =
        new DefaultHttp2Headers()
            .method(body.isEmpty() ? "GET" : "POST")
            .path(path)
            .scheme("https")
            .authority("x")
            .set("authorization", "Bearer " + key)
            .set("content-type", "application/json");
    byte[] block = block(stream, head);
    if (body.isEmpty()) {
      return frame(HEADERS, END_HEADERS | END_STREAM, stream, block);
    }
    byte[] data = body.getBytes(StandardCharsets.UTF_8);
    return join(frame(HEADERS, END_HEADERS, stream, block), frame(DATA, END_STREAM, stream, data));
  }

  private static byte[] block(int stream, Http2Headers head) {
    ByteBuf encoded = Unpooled.buffer();
    try {
      // No Huffman: a letter is a byte.
      new DefaultHttp2HeadersEncoder(NEVER_SENSITIVE, true, 64, Integer.MAX_VALUE)
          .encodeHeaders(stream, head, encoded);
    } catch (Http2Exception e) {
      throw new AssertionError(e);
    }
    byte[] block = ByteBufUtil.getBytes(encoded);
    encoded.release();
    return block;
  }

  /**
   * Returns head or trailers in as many frames as they need.
   *
   * @param whole whether the last of them says so
   * @param end whether the stream ends with them
   */
  public static byte[] head(int stream, Http2Headers head, boolean whole, boolean end) {
    byte[] block = block(stream, head);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int at = 0; at < block.length; at += MAX_FRAME) {
      int to = Math.min(block.length, at + MAX_FRAME);
      int flags = whole && to == block.length ? END_HEADERS : 0;
      flags |= end && at == 0 ? END_STREAM : 0;
      byte[] part = Arrays.copyOfRange(block, at, to);
      all.writeBytes(frame(at == 0 ? HEADERS : CONTINUATION, flags, stream, part));
    }
    return all.toByteArray();
  }

  /** Returns a piece of a body. */
  public static byte[] data(int stream, int bytes, boolean end) {
    return frame(DATA, end ? END_STREAM : 0, stream, new byte[bytes]);
  }

  /** Returns room for so many bytes more; of stream 0 for the connection. */
  public static byte[] more(int stream, int bytes) {
    return frame(WINDOW_UPDATE, 0, stream, ByteBuffer.allocate(4).putInt(bytes).array());
  }

  private static byte[] frame(int type, int flags, int stream, byte[] payload) {
    return ByteBuffer.allocate(HEAD + payload.length)
        .putShort((short) (payload.length >> 8))
        .put((byte) payload.length)
        .put((byte) type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload)
        .array();
  }

  /** Returns the whole frames of what a server has sent; what is left over is not told of. */
  public static List<Frame> frames(byte[] sent) {
    List<Frame> frames = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(sent);
    while (in.remaining() >= HEAD) {
      int length = (in.getShort() & 0xffff) << 8 | in.get() & 0xff;
      int type = in.get();
      int flags = in.get();
      int stream = in.getInt();
      if (in.remaining() < length) {
        break;
      }
      byte[] payload = Arrays.copyOfRange(sent, in.position(), in.position() + length);
      in.position(in.position() + length);
      frames.add(new Frame(type, flags, stream, payload));
    }
    return frames;
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
