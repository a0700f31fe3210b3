package io.penstock.ledger;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The texts that were read lately: rows repeat their teams, models and routes, and a text that is
 * the same object is compared and hashed only once. One slot per hash, the last text wins, so its
 * size is fixed. Confined to one thread.
 */
final class Texts {
  private static final int SLOTS = 4096;

  /** Longer texts are rarely the same. */
  private static final int MAX = 64;

  private final String[] slots = new String[SLOTS];

  /** Reads a text as {@link RecordBuffer#putText} puts it, from memory on the heap. */
  String read(ByteBuffer in) {
    int length = (int) Wire.getUnsigned(in);
    String text = of(in.array(), in.arrayOffset() + in.position(), length);
    in.position(in.position() + length);
    return text;
  }

  /** Returns the UTF-8 text of those bytes. */
  String of(byte[] bytes, int from, int length) {
    if (length == 0) {
      return "";
    }
    if (length > MAX) {
      return new String(bytes, from, length, StandardCharsets.UTF_8);
    }
    int hash = length;
    for (int i = from; i < from + length; i++) {
      hash = 31 * hash + bytes[i];
    }
    int slot = (hash ^ hash >>> 12) & SLOTS - 1;
    String known = slots[slot];
    if (known == null || !same(known, bytes, from, length)) {
      known = new String(bytes, from, length, StandardCharsets.UTF_8);
      slots[slot] = known;
    }
    return known;
  }

  /** A byte of a longer UTF-8 form is negative and so never equals a character. */
  private static boolean same(String known, byte[] bytes, int from, int length) {
    if (known.length() != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (known.charAt(i) != bytes[from + i]) {
        return false;
      }
    }
    return true;
  }
}
