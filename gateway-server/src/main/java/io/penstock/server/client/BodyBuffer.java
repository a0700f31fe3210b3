package io.penstock.server.client;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A request body as it arrives. Grows with what came, not with what was promised, and never takes
 * more than twice what came: that much is held for it.
 */
final class BodyBuffer {
  private static final int FIRST = 8 * 1024;

  /** A body of a length that nobody knows is put aside in such pieces. Bytes. */
  private static final int PIECE = 1 << 20;

  private static final byte[] NONE = new byte[0];

  private final List<byte[]> full = new ArrayList<>(0);
  private byte[] bytes;
  private int last;
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
    if (announced < 0 && last + more > PIECE) {
      full.add(bytes.length == last ? bytes : Arrays.copyOf(bytes, last));
      bytes = new byte[Math.max(more, FIRST)];
      last = 0;
    }
    int needed = last + more;
    if (needed > bytes.length) {
      long doubled = Math.max(needed, bytes.length * 2L);
      long size = announced >= needed ? Math.min(announced, doubled) : doubled;
      bytes = Arrays.copyOf(bytes, (int) Math.min(size, Integer.MAX_VALUE - 8));
    }
    data.readBytes(bytes, last, more);
    last = needed;
    length += more;
  }

  byte[] toArray() {
    if (full.isEmpty()) {
      return bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
    }
    byte[] all = new byte[length];
    int at = 0;
    for (byte[] piece : full) {
      System.arraycopy(piece, 0, all, at, piece.length);
      at += piece.length;
    }
    System.arraycopy(bytes, 0, all, at, last);
    return all;
  }
}
