package io.penstock.cache;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Memory outside the heap, filled from the front with blocks: sizes of header and body, when it
 * expires, whether it was hit, header (a key first), body. It is freed by {@link #close} and not
 * before, so its bytes are exactly what it holds. Guarded by its owner's lock: whoever reads holds
 * it shared, whoever writes alone; {@link #hit} may be set by readers.
 */
final class Chunk {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int BODY_BYTES = Integer.BYTES;
  private static final int EXPIRES = 2 * Integer.BYTES;
  private static final int HIT = EXPIRES + Long.BYTES;
  private static final int HEADER = HIT + 1;

  private final int number;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private int filled;

  /** Takes memory; the number counts from 0. */
  Chunk(int number, int bytes) {
    this.number = number;
    this.memory = arena.allocate(bytes);
  }

  static int blockBytes(byte[] header, byte[] body) {
    return HEADER + header.length + body.length;
  }

  int number() {
    return number;
  }

  /** Returns a word for this chunk's block there; never {@link BlockTable#NONE}. */
  long place(int at) {
    return (number + 1L) << Integer.SIZE | at;
  }

  int capacity() {
    return (int) memory.byteSize();
  }

  int filled() {
    return filled;
  }

  boolean hasRoom(int bytes) {
    return capacity() - filled >= bytes;
  }

  /** Appends a block and returns where it is. */
  int append(byte[] header, byte[] body, long expiresMillis) {
    int at = filled;
    memory.set(INT, at, header.length);
    memory.set(INT, at + BODY_BYTES, body.length);
    memory.set(LONG, at + EXPIRES, expiresMillis);
    memory.set(ValueLayout.JAVA_BYTE, at + HIT, (byte) 0);
    MemorySegment.copy(header, 0, memory, ValueLayout.JAVA_BYTE, at + HEADER, header.length);
    MemorySegment.copy(
        body, 0, memory, ValueLayout.JAVA_BYTE, at + HEADER + header.length, body.length);
    filled += blockBytes(header, body);
    return at;
  }

  int blockBytes(int at) {
    return HEADER + headerBytes(at) + memory.get(INT, at + BODY_BYTES);
  }

  private int headerBytes(int at) {
    return memory.get(INT, at);
  }

  long expiresMillis(int at) {
    return memory.get(LONG, at + EXPIRES);
  }

  /** Returns the first word of the block's key. */
  long keyWord(int at) {
    return memory.get(LONG, at + HEADER);
  }

  CacheKey key(int at) {
    return new CacheKey(
        keyWord(at),
        memory.get(LONG, at + HEADER + 8),
        memory.get(LONG, at + HEADER + 16),
        memory.get(LONG, at + HEADER + 24));
  }

  boolean isKey(int at, CacheKey key) {
    return keyWord(at) == key.a()
        && memory.get(LONG, at + HEADER + 8) == key.b()
        && memory.get(LONG, at + HEADER + 16) == key.c()
        && memory.get(LONG, at + HEADER + 24) == key.d();
  }

  byte[] header(int at) {
    return copy(at + HEADER, headerBytes(at));
  }

  byte[] body(int at) {
    return copy(at + HEADER + headerBytes(at), memory.get(INT, at + BODY_BYTES));
  }

  private byte[] copy(int from, int bytes) {
    byte[] copy = new byte[bytes];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, from, copy, 0, bytes);
    return copy;
  }

  void hit(int at) {
    memory.set(ValueLayout.JAVA_BYTE, at + HIT, (byte) 1);
  }

  boolean isHit(int at) {
    return memory.get(ValueLayout.JAVA_BYTE, at + HIT) != 0;
  }

  /** Moves a block to the front, as one that was not hit. */
  void move(int from, int to) {
    MemorySegment.copy(memory, from, memory, to, blockBytes(from));
    memory.set(ValueLayout.JAVA_BYTE, to + HIT, (byte) 0);
  }

  /** Forgets what lies behind. */
  void truncate(int bytes) {
    filled = bytes;
  }

  /** Gives the memory back. Nothing but {@link #filled} may be asked afterwards. */
  void close() {
    filled = 0;
    arena.close();
  }
}
