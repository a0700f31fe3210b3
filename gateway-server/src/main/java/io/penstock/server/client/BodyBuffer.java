package io.penstock.server.client;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** A request body as it arrives, in one array. Grows with what came, not with what was promised. */
final class BodyBuffer {
  private static final int FIRST = 8 * 1024;
  private static final byte[] NONE = new byte[0];

  private byte[] bytes;
  private int length;

  BodyBuffer(long announced) {
    bytes =
        announced == 0
            ? NONE
            : new byte[(int) (announced > 0 ? Math.min(announced, FIRST) : FIRST)];
  }

  int length() {
    return length;
  }

  void add(ByteBuf data, long announced) {
    int more = data.readableBytes();
    int needed = length + more;
    if (needed > bytes.length) {
      long doubled = Math.max(needed, bytes.length * 2L);
      long size = announced >= needed ? Math.min(announced, doubled) : doubled;
      bytes = Arrays.copyOf(bytes, (int) Math.min(size, Integer.MAX_VALUE - 8));
    }
    data.readBytes(bytes, length, more);
    length = needed;
  }

  byte[] toArray() {
    return bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
  }
}
