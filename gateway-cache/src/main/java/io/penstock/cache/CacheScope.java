package io.penstock.cache;

import io.penstock.core.identity.Principal;
import java.util.Locale;

/**
 * Within whom an answer may be shared. The subject comes from the verified principal only, never
 * from a header or a body.
 *
 * @param kind how wide
 * @param subject the id of that key or team, for a user {@code team/user}, before which the issuer
 *     of a token stands; "" for {@link Kind#ORG}
 */
public record CacheScope(Kind kind, String subject) {

  /** How the key of a caller begins who came with a token: see {@link Principal#key}. */
  private static final String TOKENS = "jwt:";

  /** The widths that configuration offers. */
  public enum Kind {
    KEY,
    USER,
    TEAM,
    ORG;

    /** Returns the name in configuration, for example {@code team}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Returns the scope of a principal. One without a user or team is alone with its key: subjects
   * that are absent are not one subject.
   */
  public static CacheScope of(Kind kind, Principal principal) {
    return of(kind, principal.key(), principal.user(), principal.team());
  }

  /** Returns the same for a caller whose parts are known from elsewhere; "" where one is absent. */
  public static CacheScope of(Kind kind, String key, String user, String team) {
    return switch (kind) {
      case ORG -> new CacheScope(Kind.ORG, "");
      case TEAM -> team.isEmpty() ? alone(key, user, team) : new CacheScope(Kind.TEAM, team);
      case USER -> user.isEmpty() ? alone(key, user, team) : person(key, user, team);
      case KEY -> alone(key, user, team);
    };
  }

  /** Teams and issuers name their users themselves: two that name one alike mean two people. */
  private static CacheScope person(String key, String user, String team) {
    String issuer = key.startsWith(TOKENS) ? TOKENS + word(key.substring(TOKENS.length())) : "";
    return new CacheScope(
        Kind.USER, issuer + (issuer.isEmpty() ? "" : "/") + word(team) + '/' + user);
  }

  /** Returns a name without what stands between names. */
  private static String word(String name) {
    return name.replace("%", "%25").replace("/", "%2F").replace(":", "%3A");
  }

  /**
   * Returns the scope of one caller. Tokens have no key of their own but the name of their issuer:
   * there the one for whom it was issued counts, the name that an issuer may make up last.
   */
  private static CacheScope alone(String key, String user, String team) {
    boolean token = key.startsWith(TOKENS);
    return new CacheScope(Kind.KEY, token ? key + '\n' + team + '\n' + user : key);
  }

  /** Returns one word for storage; the kind is a fixed prefix, so no two scopes share one. */
  String token() {
    return kind.label() + ':' + subject;
  }

  static CacheScope ofToken(String token) {
    int colon = token.indexOf(':');
    String word = colon < 0 ? token : token.substring(0, colon);
    for (Kind kind : Kind.values()) {
      if (kind.label().equals(word) && (kind == Kind.ORG || colon >= 0)) {
        return new CacheScope(kind, token.substring(colon < 0 ? token.length() : colon + 1));
      }
    }
    throw new IllegalArgumentException(
        "scope: "
            + token
            + " (expected: org, or key, user or team with its id: team:support, user:support/ann)");
  }
}
