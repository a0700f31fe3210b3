package io.penstock.core.identity;

import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A key or token that opens nothing. The client is told the same whatever is wrong; the record has
 * the rule, and whose it is where that is certain. The credential itself is nowhere in it.
 */
public final class RefusedCredential extends GatewayException {
  private static final long serialVersionUID = 1L;

  private static final long RETRY_MILLIS = 1000;

  private final String rule;
  private final String key;
  private final String team;
  private final transient @Nullable CompletionStage<?> until;

  private RefusedCredential(
      ErrorCode code,
      String message,
      String rule,
      String key,
      String team,
      @Nullable CompletionStage<?> until) {
    super(code, message, null, until == null ? NO_RETRY_AFTER : RETRY_MILLIS);
    this.rule = rule;
    this.key = key;
    this.team = team;
    this.until = until;
  }

  /**
   * Creates the 401, which tells a guesser nothing.
   *
   * @param rule for the record alone, such as {@code key_expired}
   */
  public static RefusedCredential because(String rule) {
    return of(rule, "", "");
  }

  /**
   * Creates the 401 of a key that is known.
   *
   * @param key its id; of a token, and only if its signature is good, as in {@link Principal#key}
   * @param team "" where it is not certain
   */
  public static RefusedCredential of(String rule, String key, String team) {
    return new RefusedCredential(
        ErrorCode.INVALID_API_KEY,
        "The API key is missing or not valid. Send it as \"Authorization: Bearer KEY\""
            + " or \"x-api-key: KEY\".",
        rule,
        key,
        team,
        null);
  }

  /** Creates the 403 of a key that is used from elsewhere than it may be. */
  public static RefusedCredential elsewhere(Principal principal) {
    return new RefusedCredential(
        ErrorCode.ADDRESS_NOT_ALLOWED,
        "This key may not be used from this address.",
        ErrorCode.ADDRESS_NOT_ALLOWED.code(),
        principal.key(),
        principal.team(),
        null);
  }

  /** Creates the 400 of a signed token that names somebody as nobody can be recorded. */
  public static RefusedCredential named(String message, String key) {
    return new RefusedCredential(ErrorCode.INVALID_REQUEST, message, "jwt_name", key, "", null);
  }

  /**
   * Creates the 503 of a token whose issuer has not yet said with which keys it signs.
   *
   * @param until completes soon, on any thread: then the token may be judged
   */
  public static RefusedCredential keysAwaited(CompletionStage<?> until) {
    return new RefusedCredential(
        ErrorCode.OVERLOADED,
        "The keys of this token's issuer are not known yet; try again shortly.",
        "jwt_keys",
        "",
        "",
        until);
  }

  /** Returns what a call may wait for before it is refused; null where nothing will change. */
  public @Nullable CompletionStage<?> until() {
    return until;
  }

  /** Returns what refused it, for the record. */
  public String rule() {
    return rule;
  }

  /** Returns the key's id, "" where it is not certain. */
  public String key() {
    return key;
  }

  /** Returns the key's team, "" where it is not certain. */
  public String team() {
    return team;
  }
}
