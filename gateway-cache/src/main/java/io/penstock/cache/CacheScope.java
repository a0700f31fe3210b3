package io.penstock.cache;

import io.penstock.core.identity.Principal;
import java.util.Locale;

/**
 * Within whom an answer may be shared. The subject comes from the verified principal only, never
 * from a header or a body.
 *
 * @param kind how wide
 * @param subject the id of that key, user or team; "" for {@link Kind#ORG}
 */
public record CacheScope(Kind kind, String subject) {

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
      case TEAM -> narrowed(Kind.TEAM, team, key);
      case USER -> narrowed(Kind.USER, user, key);
      case KEY -> new CacheScope(Kind.KEY, key);
    };
  }

  private static CacheScope narrowed(Kind kind, String subject, String key) {
    return subject.isEmpty() ? new CacheScope(Kind.KEY, key) : new CacheScope(kind, subject);
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
        "scope: " + token + " (expected: org, or key, user or team with its id: team:support)");
  }
}
