package io.penstock.server.identity;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.penstock.core.Ticker;
import io.penstock.core.identity.KeyRing;
import io.penstock.core.identity.Principal;
import io.penstock.core.identity.RefusedCredential;
import java.text.ParseException;
import java.util.List;

/**
 * The tokens of one configuration. A verified token is known by its SHA-256 until it expires or the
 * issuer's keys change, so that a signature is checked once. Thread-safe; never blocks.
 */
public final class Tokens {
  /** No issuer: no text is a token. */
  public static final Tokens NONE = new Tokens(List.of(), Ticker.system());

  private static final String MALFORMED = "jwt_malformed";

  private static final int MAX_KNOWN = 20_000;

  /** Longer ones are no tokens that anybody issues; parsing them would only cost. */
  private static final int MAX_LENGTH = 16 * 1024;

  private record Verified(Principal principal, Issuer issuer, int keysVersion) {}

  private final List<Issuer> issuers;
  private final Ticker ticker;
  private final Cache<String, Verified> known =
      Caffeine.newBuilder().maximumSize(MAX_KNOWN).build();

  Tokens(List<Issuer> issuers, Ticker ticker) {
    this.issuers = List.copyOf(issuers);
    this.ticker = ticker;
  }

  /** Returns whether the text has the shape of a token and somebody issues tokens. */
  public boolean mayBe(String presented) {
    return !issuers.isEmpty() && presented.startsWith("eyJ") && presented.indexOf('.') > 0;
  }

  /**
   * Returns who the token stands for.
   *
   * @throws RefusedCredential when it is not good, or while nobody can tell
   */
  public Principal find(String presented) {
    if (presented.length() > MAX_LENGTH) {
      throw RefusedCredential.because(MALFORMED);
    }
    long now = ticker.epochMillis();
    String digest = KeyRing.hash(presented);
    Verified before = known.getIfPresent(digest);
    if (before != null
        && now < before.principal().expiresAtMillis()
        && before.keysVersion() == before.issuer().keysVersion()) {
      return before.principal();
    }
    known.invalidate(digest);
    try {
      return verify(presented, digest, now);
    } catch (ParseException e) {
      throw RefusedCredential.because(MALFORMED);
    }
  }

  private Principal verify(String presented, String digest, long now) throws ParseException {
    SignedJWT token = SignedJWT.parse(presented);
    JWTClaimsSet claims = token.getJWTClaimsSet();
    RefusedCredential refused = null;
    for (Issuer issuer : issuers) {
      if (!issuer.name().equals(claims.getIssuer())) {
        continue;
      }
      int version = issuer.keysVersion();
      try {
        Principal principal = issuer.accept(token, claims, now);
        known.put(digest, new Verified(principal, issuer, version));
        return principal;
      } catch (RefusedCredential e) {
        // Another entry of the same issuer may take it: for another audience, say.
        refused = refused == null || refused.until() == null ? e : refused;
      }
    }
    throw refused == null ? RefusedCredential.because("jwt_issuer") : refused;
  }
}
