package io.penstock.server.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.SignedJWT;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;

/** Checks a token's signature with a public key. Stateless. */
final class Signatures {
  /** What stands before the 32 bytes of an Ed25519 key in an X.509 key (RFC 8410). */
  private static final byte[] ED25519_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

  private static final int ED25519_BYTES = 32;

  private Signatures() {}

  /** Returns whether this key signed the token; false too for a key of another kind. */
  static boolean verify(SignedJWT token, JWK key) {
    JWSHeader header = token.getHeader();
    if (header.getCriticalParams() != null && !header.getCriticalParams().isEmpty()) {
      // Extensions that a verifier must understand, and this one understands none.
      return false;
    }
    try {
      if (key instanceof OctetKeyPair pair) {
        return Curve.Ed25519.equals(pair.getCurve()) && verify(token, pair);
      }
      JWSVerifier verifier =
          switch (key) {
            case RSAKey rsa -> new RSASSAVerifier(rsa);
            case ECKey ec -> new ECDSAVerifier(ec);
            default -> throw new JOSEException("not a signature key: " + key.getKeyType());
          };
      return token.verify(verifier);
    } catch (JOSEException | GeneralSecurityException | RuntimeException e) {
      // Runtime ones too: what an issuer publishes as a key need not be one.
      return false;
    }
  }

  /** The library needs a further one for Ed25519; the JDK has it. */
  private static boolean verify(SignedJWT token, OctetKeyPair key) throws GeneralSecurityException {
    byte[] point = key.getX().decode();
    if (point.length != ED25519_BYTES) {
      return false;
    }
    byte[] encoded = new byte[ED25519_PREFIX.length + ED25519_BYTES];
    System.arraycopy(ED25519_PREFIX, 0, encoded, 0, ED25519_PREFIX.length);
    System.arraycopy(point, 0, encoded, ED25519_PREFIX.length, ED25519_BYTES);
    PublicKey made =
        KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
    Signature signature = Signature.getInstance("Ed25519");
    signature.initVerify(made);
    signature.update(token.getSigningInput());
    return signature.verify(token.getSignature().decode());
  }
}
