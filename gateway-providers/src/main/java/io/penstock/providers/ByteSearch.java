package io.penstock.providers;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Searches in byte arrays, eight bytes at a time: most of what is done to an event is searching.
 */
public final class ByteSearch {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101_0101_0101_0101L;
  private static final long TOPS = 0x8080_8080_8080_8080L;

  private ByteSearch() {}

  /** Returns the first offset in {@code [from, to)} that holds one of the two, else {@code to}. */
  public static int either(byte[] bytes, int from, int to, char one, char other) {
    long ones = ONES * one;
    long others = ONES * other;
    int at = from;
    for (; at + Long.BYTES <= to; at += Long.BYTES) {
      long word = (long) LONGS.get(bytes, at);
      long found = zeros(word ^ ones) | zeros(word ^ others);
      if (found != 0) {
        return at + (Long.numberOfTrailingZeros(found) >>> 3);
      }
    }
    while (at < to && bytes[at] != one && bytes[at] != other) {
      at++;
    }
    return at;
  }

  /** Marks the bytes that are 0; the lowest mark is exact, and only that one is looked at. */
  private static long zeros(long word) {
    return (word - ONES) & ~word & TOPS;
  }

  /**
   * Returns the offset behind the JSON string whose inside begins at {@code from}, at most {@code
   * to}.
   */
  public static int stringEnd(byte[] json, int from, int to) {
    int at = either(json, from, to, '"', '\\');
    while (at < to && json[at] == '\\') {
      at = either(json, Math.min(to, at + 2), to, '"', '\\');
    }
    return Math.min(to, at + 1);
  }

  /**
   * Returns the offset behind the JSON object or array that opens at {@code from}, at most {@code
   * to}.
   */
  public static int nestedEnd(byte[] json, int from, int to) {
    int depth = 0;
    int at = from;
    while (at < to) {
      byte b = json[at];
      if (b == '"') {
        at = stringEnd(json, at + 1, to);
        continue;
      }
      if (b == '{' || b == '[') {
        depth++;
      } else if ((b == '}' || b == ']') && --depth == 0) {
        return at + 1;
      }
      at++;
    }
    return to;
  }
}
