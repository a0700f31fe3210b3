package io.penstock.server.identity;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.penstock.core.identity.Metadata;
import io.penstock.core.identity.NameSet;
import io.penstock.core.identity.Principal;
import io.penstock.core.identity.RefusedCredential;
import io.penstock.server.config.JwtConfig;
import io.penstock.server.config.TeamConfig;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What one issuer's tokens mean under one configuration. Immutable but for its keys. */
final class Issuer {
  private record Team(TeamConfig config, NameSet models) {}

  /** As of end users that say themselves who they are. UTF-16 units. */
  private static final int LONGEST_NAME = 256;

  private final JwtConfig config;
  private final KeySource source;
  private final Set<String> algorithms;
  private final Map<String, Team> teams = new HashMap<>();
  private final ClaimPath user;
  private final @Nullable ClaimPath team;
  private final @Nullable ClaimPath app;
  private final Map<String, ClaimPath> metadata = new HashMap<>();
  private final NameSet routes;

  Issuer(JwtConfig config, Map<String, TeamConfig> teams, KeySource source) {
    this.config = config;
    this.source = source;
    this.algorithms = new HashSet<>(config.algorithms());
    teams.forEach((name, t) -> this.teams.put(name, new Team(t, NameSet.of(t.models()))));
    JwtConfig.ClaimsConfig claims = config.claims();
    this.user = new ClaimPath(claims.user());
    this.team = claims.team() == null ? null : new ClaimPath(claims.team());
    this.app = claims.app() == null ? null : new ClaimPath(claims.app());
    claims.metadata().forEach((name, path) -> metadata.put(name, new ClaimPath(path)));
    this.routes = NameSet.of(config.routes());
  }

  String name() {
    return config.issuer();
  }

  int keysVersion() {
    return source.version();
  }

  /**
   * Returns who the token stands for.
   *
   * @param nowMillis epoch milliseconds
   * @throws RefusedCredential when it is not good: signature, audience, time, team, names; or while
   *     the keys that may have signed it are on their way
   */
  Principal accept(SignedJWT token, JWTClaimsSet claims, long nowMillis) {
    if (!algorithms.contains(token.getHeader().getAlgorithm().getName())) {
      throw RefusedCredential.because("jwt_algorithm");
    }
    if (claims.getAudience().stream().noneMatch(config.audience()::contains)) {
      throw RefusedCredential.because("jwt_audience");
    }
    checkTime(claims, nowMillis);
    checkSignature(token);
    Map<String, Object> all = claims.getClaims();
    String named = team == null ? "" : team.text(all);
    if (named.isEmpty() && config.team() != null) {
      named = config.team();
    }
    Team known = teams.get(named);
    if (known == null) {
      throw RefusedCredential.of("jwt_team", key(), "");
    }
    return principal(all, named, known, expiry(claims));
  }

  /** What stands for the key of all its tokens. */
  private String key() {
    return "jwt:" + config.issuer();
  }

  private void checkTime(JWTClaimsSet claims, long nowMillis) {
    if (claims.getExpirationTime() == null || nowMillis >= expiry(claims)) {
      throw RefusedCredential.because("jwt_expired");
    }
    long leeway = config.leeway().toMillis();
    if (claims.getNotBeforeTime() != null
        && nowMillis < claims.getNotBeforeTime().toInstant().toEpochMilli() - leeway) {
      throw RefusedCredential.because("jwt_early");
    }
  }

  private long expiry(JWTClaimsSet claims) {
    return claims.getExpirationTime().toInstant().toEpochMilli() + config.leeway().toMillis();
  }

  private void checkSignature(SignedJWT token) {
    JWKMatcher matcher = JWKMatcher.forJWSHeader(token.getHeader());
    List<JWK> fit = matcher == null ? List.of() : new JWKSelector(matcher).select(source.keys());
    if (fit.isEmpty()) {
      // Perhaps the issuer has a new key.
      source.demand();
      CompletionStage<?> fetched = source.awaited();
      throw fetched == null
          ? RefusedCredential.because("jwt_key_unknown")
          : RefusedCredential.keysAwaited(fetched);
    }
    if (fit.stream().noneMatch(key -> Signatures.verify(token, key))) {
      throw RefusedCredential.because("jwt_signature");
    }
  }

  private Principal principal(
      Map<String, Object> claims, String teamName, Team known, long expiresAtMillis) {
    Map<String, String> dimensions = new HashMap<>();
    metadata.forEach((name, path) -> {
      String value = recordable(path, claims, Metadata.MAX_LENGTH);
      if (!value.isEmpty()) {
        dimensions.put(name, value);
      }
    });
    dimensions.putAll(known.config().metadata());
    return new Principal(
        key(),
        teamName,
        app == null ? "" : recordable(app, claims, LONGEST_NAME),
        recordable(user, claims, LONGEST_NAME),
        dimensions,
        known.config().require(),
        known.models(),
        routes,
        known.config().deny(),
        List.of(),
        expiresAtMillis);
  }

  /** Names go to reports, terminals and a database that refuses NUL. */
  private String recordable(ClaimPath path, Map<String, Object> claims, int longest) {
    String value = path.text(claims);
    if (value.length() > longest || value.chars().anyMatch(Character::isISOControl)) {
      throw RefusedCredential.named(
          "The token's claim \""
              + path
              + "\" has a control character or more than "
              + longest
              + " characters.",
          key());
    }
    return value;
  }
}
