package io.penstock.cache;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/** A SHA-256 over everything that can change an answer, the scope first. Immutable. */
public record CacheKey(long a, long b, long c, long d) {
  static final int BYTES = 32;

  static CacheKey of(byte[] sha256) {
    ByteBuffer buffer = ByteBuffer.wrap(sha256);
    return new CacheKey(buffer.getLong(), buffer.getLong(), buffer.getLong(), buffer.getLong());
  }

  byte[] bytes() {
    return ByteBuffer.allocate(BYTES).putLong(a).putLong(b).putLong(c).putLong(d).array();
  }

  /** Returns the id of the entry in the admin API and in the ledger: 64 hex digits. */
  public String id() {
    return HexFormat.of().formatHex(bytes());
  }

  /**
   * Returns the key of an id.
   *
   * @throws IllegalArgumentException when it is not 64 hex digits
   */
  public static CacheKey ofId(String id) {
    if (id.length() != 2 * BYTES) {
      throw new IllegalArgumentException("cache id: " + id + " (expected: 64 hex digits)");
    }
    return of(HexFormat.of().parseHex(id));
  }

  @Override
  public int hashCode() {
    return Long.hashCode(a);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CacheKey that
        && a == that.a
        && b == that.b
        && c == that.c
        && d == that.d;
  }

  @Override
  public String toString() {
    return id();
  }
}
