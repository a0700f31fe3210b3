package io.penstock.providers;

import io.netty.buffer.ByteBuf;
import io.netty.util.internal.EmptyArrays;
import io.penstock.core.body.BodyMemory;
import java.util.Arrays;

/**
 * The data of one server-sent event after the other, copied to an array: searching that is cheaper
 * than reading a direct buffer byte by byte. Confined to one thread; what the getters return is
 * valid until the next event.
 */
public final class SseData {
  private static final byte[] FIELD = {'d', 'a', 't', 'a'};

  private static final int MOST_KEPT = BodyMemory.SMALL / 2 * 3;

  private byte[] scratch = EmptyArrays.EMPTY_BYTES;
  private byte[] bytes = scratch;
  private int from;
  private int to;
  private boolean joined;

  /**
   * Takes an event.
   *
   * @param event borrowed
   * @return whether it has data; a comment or a bare event name has none
   */
  public boolean load(ByteBuf event) {
    int length = event.readableBytes();
    if (length > BodyMemory.SMALL) {
      scratch = new byte[length];
    } else if (scratch.length < length) {
      scratch = new byte[Math.max(1024, length + length / 2)];
    }
    event.getBytes(event.readerIndex(), scratch, 0, length);
    bytes = scratch;
    from = -1;
    to = -1;
    joined = false;
    for (int line = 0; line < length; ) {
      int lineEnd = ByteSearch.either(scratch, line, length, '\n', '\r');
      int value = valueStart(line, lineEnd);
      if (value >= 0) {
        add(value, lineEnd);
      }
      line = lineEnd + 1;
    }
    return from >= 0;
  }

  /** Lets go of a large event: its memory was taken for as long as it is read. */
  public void forget() {
    if (scratch.length > MOST_KEPT || bytes.length > MOST_KEPT) {
      scratch = EmptyArrays.EMPTY_BYTES;
      bytes = scratch;
    }
  }

  /** Data lines are joined with LF. */
  private void add(int value, int lineEnd) {
    if (from < 0) {
      from = value;
      to = lineEnd;
      return;
    }
    byte[] all = Arrays.copyOfRange(bytes, from, to + 1 + lineEnd - value);
    all[to - from] = '\n';
    System.arraycopy(scratch, value, all, to - from + 1, lineEnd - value);
    bytes = all;
    joined = true;
    from = 0;
    to = all.length;
  }

  /** Returns where the value of a data line begins, or -1 when the line is another field. */
  private int valueStart(int line, int lineEnd) {
    // A byte order mark may precede the very first line.
    int at = lineEnd - line > 3 && scratch[line] == (byte) 0xEF ? line + 3 : line;
    int colon = at + FIELD.length;
    if (lineEnd < colon || !Arrays.equals(scratch, at, colon, FIELD, 0, FIELD.length)) {
      return -1;
    }
    if (colon == lineEnd) {
      return colon;
    }
    if (scratch[colon] != ':') {
      return -1;
    }
    int value = colon + 1;
    return value < lineEnd && scratch[value] == ' ' ? value + 1 : value;
  }

  /** Returns the array that holds the data at {@code [from, to)}. */
  public byte[] bytes() {
    return bytes;
  }

  /** Returns the offset of the data. */
  public int from() {
    return from;
  }

  /** Returns the offset behind the data. */
  public int to() {
    return to;
  }

  /** Returns whether {@link #bytes} holds the event byte for byte, so that offsets fit both. */
  public boolean aligned() {
    return !joined;
  }

  /** Returns whether a range of bytes is this ASCII text. */
  public static boolean is(byte[] bytes, int from, int to, String text) {
    if (to - from != text.length()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (bytes[from + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
