package io.penstock.ledger;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;

/**
 * Memory in which a journal's record is put together before it is copied into a segment: byte by
 * byte into mapped memory costs a liveness check each. It grows to the largest record and is used
 * again, so that writing makes no garbage. Its form is read by {@link Wire}. Confined to one
 * thread.
 */
final class RecordBuffer {
  /**
   * Bytes of UTF-8; longer text is cut: it comes from clients, a record must fit into a segment,
   * and PostgreSQL indexes no text of over 2,704 bytes.
   */
  static final int MAX_TEXT = 1024;

  /** Fits most records. */
  private static final int INITIAL = 16 << 10;

  private static final int MAX_VARINT = 10;

  private byte[] bytes = new byte[INITIAL];
  private int length;

  /** Forgets what was put. */
  void clear() {
    length = 0;
  }

  /** Returns what was put, up to {@link #length()}; good until the next put. */
  byte[] bytes() {
    return bytes;
  }

  /** Returns how many bytes were put. */
  int length() {
    return length;
  }

  private void reserve(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }

  void putByte(int value) {
    reserve(1);
    bytes[length++] = (byte) value;
  }

  /** Puts a number that may be negative, zigzag. */
  void putLong(long value) {
    putUnsigned((value << 1) ^ (value >> 63));
  }

  /** Puts 7 bits a byte, low first. */
  void putUnsigned(long value) {
    reserve(MAX_VARINT);
    int at = length;
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      bytes[at++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[at++] = (byte) rest;
    length = at;
  }

  void putUuid(UUID id) {
    reserve(2 * Long.BYTES);
    ByteBuffer.wrap(bytes, length, 2 * Long.BYTES)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits());
    length += 2 * Long.BYTES;
  }

  /** Puts the length of the text in UTF-8, and the text. */
  @SuppressWarnings("deprecation") // the low bytes of text that is ASCII are its UTF-8
  void putText(String text) {
    int chars = Math.min(text.length(), MAX_TEXT);
    int seen = 0;
    for (int i = 0; i < chars; i++) {
      seen |= text.charAt(i);
    }
    if (seen >= 0x80) {
      putBytes(text.substring(0, chars).getBytes(StandardCharsets.UTF_8));
      return;
    }
    putUnsigned(chars);
    reserve(chars);
    text.getBytes(0, chars, bytes, length);
    length += chars;
  }

  private void putBytes(byte[] text) {
    int kept = Math.min(text.length, MAX_TEXT);
    while (kept < text.length && (text[kept] & 0xC0) == 0x80) {
      kept--; // whole characters only
    }
    putUnsigned(kept);
    reserve(kept);
    System.arraycopy(text, 0, bytes, length, kept);
    length += kept;
  }
}
