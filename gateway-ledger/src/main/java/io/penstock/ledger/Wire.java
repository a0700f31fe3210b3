package io.penstock.ledger;

import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * Reads the primitives of the journal's binary form as {@link RecordBuffer} puts them: integers of
 * variable length (7 bits a byte, low first, zigzag for signed), ids of 16 bytes.
 */
final class Wire {
  private Wire() {}

  static long getLong(ByteBuffer in) {
    long raw = getUnsigned(in);
    return (raw >>> 1) ^ -(raw & 1);
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

  static UUID getUuid(ByteBuffer in) {
    return new UUID(in.getLong(), in.getLong());
  }
}
