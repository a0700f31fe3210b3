package io.penstock.core.identity;

import io.penstock.core.Ticker;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keys by the SHA-256 of their secret. A look-up hashes what was presented and compares digests, so
 * its time says nothing of how near a guess is, and it costs the same for ten keys and for ten
 * thousand. Immutable; thread-safe.
 */
public final class KeyRing {
  private static final ThreadLocal<MessageDigest> SHA_256 =
      ThreadLocal.withInitial(KeyRing::sha256);

  private record Digest(byte[] bytes) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Digest(byte[] that) && MessageDigest.isEqual(bytes, that);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }
  }

  private final Map<Digest, Principal> principals;

  private KeyRing(Map<Digest, Principal> principals) {
    this.principals = principals;
  }

  /** Returns an empty builder. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns whose key this is, or null when it is unknown or has expired.
   *
   * @param secret as presented; never kept
   * @param clock asked for keys that expire
   */
  public @Nullable Principal find(String secret, Ticker clock) {
    Principal principal = evenExpired(secret);
    if (principal == null || principal.expiresAtMillis() == Long.MAX_VALUE) {
      return principal;
    }
    return clock.epochMillis() < principal.expiresAtMillis() ? principal : null;
  }

  /** Returns whose key this is or was, or null when it is unknown. */
  public @Nullable Principal evenExpired(String secret) {
    return principals.get(
        new Digest(SHA_256.get().digest(secret.getBytes(StandardCharsets.UTF_8))));
  }

  /** Returns the SHA-256 of a secret in lower-case hexadecimal, as the configuration has it. */
  public static String hash(String secret) {
    return HexFormat.of().formatHex(SHA_256.get().digest(secret.getBytes(StandardCharsets.UTF_8)));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Collects keys. Confined to one thread. */
  public static final class Builder {
    private final Map<Digest, Principal> principals = new HashMap<>();

    private Builder() {}

    /**
     * Adds a secret of a key; a key that is being rotated has two.
     *
     * @param sha256 64 hexadecimal digits
     */
    public Builder add(String sha256, Principal principal) {
      principals.put(new Digest(HexFormat.of().parseHex(sha256)), principal);
      return this;
    }

    /** Returns the ring. */
    public KeyRing build() {
      return new KeyRing(Map.copyOf(principals));
    }
  }
}
