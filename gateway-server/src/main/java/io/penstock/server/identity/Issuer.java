package io.penstock.server.identity;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.penstock.core.identity.NameSet;
import io.penstock.core.identity.Principal;
import io.penstock.server.config.JwtConfig;
import io.penstock.server.config.TeamConfig;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What one issuer's tokens mean under one configuration. Immutable but for its keys. */
final class Issuer {
  private record Team(TeamConfig config, NameSet models) {}

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
   * Returns who the token stands for, or null when it is not good: signature, audience, time, team.
   *
   * @param nowMillis epoch milliseconds
   */
  @Nullable Principal accept(SignedJWT token, JWTClaimsSet claims, long nowMillis) {
    if (!algorithms.contains(token.getHeader().getAlgorithm().getName())
        || claims.getAudience().stream().noneMatch(config.audience()::contains)
        || !isTimely(claims, nowMillis)
        || !isSigned(token)) {
      return null;
    }
    Map<String, Object> all = claims.getClaims();
    String named = team == null ? "" : team.text(all);
    if (named.isEmpty() && config.team() != null) {
      named = config.team();
    }
    Team known = teams.get(named);
    return known == null ? null : principal(all, named, known, expiry(claims));
  }

  private boolean isTimely(JWTClaimsSet claims, long nowMillis) {
    long leeway = config.leeway().toMillis();
    return claims.getExpirationTime() != null
        && nowMillis < expiry(claims)
        && (claims.getNotBeforeTime() == null
            || nowMillis >= claims.getNotBeforeTime().toInstant().toEpochMilli() - leeway);
  }

  private long expiry(JWTClaimsSet claims) {
    return claims.getExpirationTime().toInstant().toEpochMilli() + config.leeway().toMillis();
  }

  private boolean isSigned(SignedJWT token) {
    JWKMatcher matcher = JWKMatcher.forJWSHeader(token.getHeader());
    List<JWK> fit = matcher == null ? List.of() : new JWKSelector(matcher).select(source.keys());
    if (fit.isEmpty()) {
      // Perhaps the issuer has a new key: this token is refused, a later one may be good.
      source.demand();
    }
    return fit.stream().anyMatch(key -> Signatures.verify(token, key));
  }

  private Principal principal(
      Map<String, Object> claims, String teamName, Team known, long expiresAtMillis) {
    Map<String, String> dimensions = new HashMap<>();
    metadata.forEach((name, path) -> {
      String value = path.text(claims);
      if (!value.isEmpty()) {
        dimensions.put(name, value);
      }
    });
    dimensions.putAll(known.config().metadata());
    return new Principal(
        "jwt:" + config.issuer(),
        teamName,
        app == null ? "" : app.text(claims),
        user.text(claims),
        dimensions,
        known.config().require(),
        known.models(),
        routes,
        known.config().deny(),
        List.of(),
        expiresAtMillis);
  }
}
