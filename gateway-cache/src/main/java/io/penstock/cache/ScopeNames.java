package io.penstock.cache;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * What a scope's keys in Redis are called. All hash to one slot.
 *
 * @param record the scope's record
 * @param prefix what the names of its entries begin with
 */
record ScopeNames(byte[] record, byte[] prefix) {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  static ScopeNames of(String namespace, CacheScope scope) {
    byte[] digest = CacheKeys.newDigest().digest(scope.token().getBytes(StandardCharsets.UTF_8));
    String slot = namespace + ":cache:{" + HexFormat.of().formatHex(digest, 0, 16) + "}";
    return new ScopeNames(utf8(slot + ":s"), utf8(slot + ":e" + EntryCodec.VERSION + ":"));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  byte[] entry(CacheKey key) {
    byte[] name = Arrays.copyOf(prefix, prefix.length + 2 * CacheKey.BYTES);
    int at = prefix.length;
    for (byte b : key.bytes()) {
      name[at++] = HEX[(b >> 4) & 15];
      name[at++] = HEX[b & 15];
    }
    return name;
  }
}
