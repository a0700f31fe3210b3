package io.penstock.ledger;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Primitives of the journal's binary form: variable-length integers (7 bits a byte, low first,
 * zigzag for signed), UTF-8 text after its length. Writing makes no garbage.
 */
final class Wire {
  /** Longer text is cut: it comes from clients and a record must fit into a segment. */
  static final int MAX_TEXT = 1024;

  private Wire() {}

  static void putLong(ByteBuffer out, long value) {
    putUnsigned(out, (value << 1) ^ (value >> 63));
  }

  static long getLong(ByteBuffer in) {
    long raw = getUnsigned(in);
    return (raw >>> 1) ^ -(raw & 1);
  }

  static void putUnsigned(ByteBuffer out, long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      out.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    out.put((byte) rest);
  }

  static long getUnsigned(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalStateException("a number of more than 64 bits at " + in.position());
  }

  static void putUuid(ByteBuffer out, UUID id) {
    out.putLong(id.getMostSignificantBits());
    out.putLong(id.getLeastSignificantBits());
  }

  static UUID getUuid(ByteBuffer in) {
    return new UUID(in.getLong(), in.getLong());
  }

  static void putText(ByteBuffer out, String text) {
    int chars = Math.min(text.length(), MAX_TEXT);
    int ascii = 0;
    while (ascii < chars && text.charAt(ascii) < 0x80) {
      ascii++;
    }
    if (ascii < chars) {
      byte[] bytes = text.substring(0, chars).getBytes(StandardCharsets.UTF_8);
      putUnsigned(out, bytes.length);
      out.put(bytes);
      return;
    }
    putUnsigned(out, chars);
    for (int i = 0; i < chars; i++) {
      out.put((byte) text.charAt(i));
    }
  }
}
