package io.penstock.cache;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;

/**
 * AES-256-GCM under a key derived (HKDF-SHA256) from the secret and the scope: an entry moved to
 * another scope, changed in any byte, or written under another secret does not open. Thread-safe.
 */
public final class Sealer {
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final byte[] SALT = "penstock cache 1".getBytes(StandardCharsets.US_ASCII);

  /** To find the algorithm takes longer than to seal a short answer. */
  private static final ThreadLocal<Cipher> AES = ThreadLocal.withInitial(Sealer::aes);

  private final SecureRandom random = new SecureRandom();
  private final LoadingCache<String, SecretKey> keys;

  /** Creates a sealer; the secret is kept in derived form only. */
  public Sealer(String secret) {
    byte[] material = secret.getBytes(StandardCharsets.UTF_8);
    this.keys =
        Caffeine.newBuilder()
            .maximumSize(10_000)
            .executor(Runnable::run)
            .build(scope -> derive(material, scope));
  }

  private static SecretKey derive(byte[] material, String scope) throws GeneralSecurityException {
    return KDF.getInstance("HKDF-SHA256")
        .deriveKey(
            "AES",
            HKDFParameterSpec.ofExtract()
                .addIKM(material)
                .addSalt(SALT)
                .thenExpand(scope.getBytes(StandardCharsets.UTF_8), 32));
  }

  /** Returns nonce and ciphertext. */
  public byte[] seal(String scope, byte[] header, byte[] plain) {
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    try {
      Cipher cipher = cipher(Cipher.ENCRYPT_MODE, scope, nonce);
      cipher.updateAAD(header);
      byte[] sealed = Arrays.copyOf(nonce, NONCE_BYTES + cipher.getOutputSize(plain.length));
      cipher.doFinal(plain, 0, plain.length, sealed, NONCE_BYTES);
      return sealed;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM failed to encrypt " + plain.length + " bytes", e);
    }
  }

  /**
   * Returns the plain bytes.
   *
   * @throws GeneralSecurityException when they were not sealed under this secret, scope and header
   */
  public byte[] open(String scope, byte[] header, byte[] sealed) throws GeneralSecurityException {
    if (sealed.length < NONCE_BYTES) {
      throw new GeneralSecurityException("sealed: " + sealed.length + " bytes (expected: >= 12)");
    }
    Cipher cipher = cipher(Cipher.DECRYPT_MODE, scope, Arrays.copyOfRange(sealed, 0, NONCE_BYTES));
    cipher.updateAAD(header);
    return cipher.doFinal(sealed, NONCE_BYTES, sealed.length - NONCE_BYTES);
  }

  private static Cipher aes() {
    try {
      return Cipher.getInstance("AES/GCM/NoPadding");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES-GCM", e);
    }
  }

  private Cipher cipher(int mode, String scope, byte[] nonce) throws GeneralSecurityException {
    Cipher cipher = AES.get();
    cipher.init(mode, keys.get(scope), new GCMParameterSpec(TAG_BITS, nonce));
    return cipher;
  }
}
