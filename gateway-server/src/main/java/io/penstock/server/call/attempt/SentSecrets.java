package io.penstock.server.call.attempt;

import io.penstock.core.FailureKind;
import io.penstock.providers.Failure;
import io.penstock.providers.auth.Credential;
import io.penstock.server.config.value.SecretHeader;
import io.penstock.server.targets.KeySpread;
import io.penstock.server.targets.ProviderRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Takes out of a provider's words what the gateway sent to it and is nobody else's business: some
 * servers tell the request, with its headers, in their errors. Stateless.
 */
public final class SentSecrets {
  static final String MASK = "****";

  /** Shorter ones are words that local servers are given as keys. */
  private static final int SHORTEST = 8;

  /** More than the last four characters, which providers tell to say which key they mean. */
  private static final Pattern PIECE = Pattern.compile("[A-Za-z0-9_+/=-]{5,}");

  private SentSecrets() {}

  /** Returns the failure without them. */
  public static Failure out(
      Failure failure, ProviderRuntime provider, KeySpread.@Nullable Slot key) {
    List<String> secrets = of(provider, key);
    return secrets.isEmpty()
        ? failure
        : new Failure(
            failure.kind(),
            failure.status(),
            failure.kind() == FailureKind.CREDENTIALS || failure.kind() == FailureKind.QUOTA
                ? withoutPieces(masked(failure.message(), secrets), secrets)
                : masked(failure.message(), secrets),
            maskedOrNull(failure.code(), secrets),
            maskedOrNull(failure.param(), secrets),
            failure.retryAfterMillis());
  }

  /** Returns the text without them. */
  public static String out(String text, ProviderRuntime provider, KeySpread.@Nullable Slot key) {
    return masked(text, of(provider, key));
  }

  /**
   * What refuses a key may tell the beginning and the end of it. These words go to a log, and may
   * lose one that is like a part of the key.
   */
  private static String withoutPieces(String text, List<String> secrets) {
    return PIECE
        .matcher(text)
        .replaceAll(piece -> {
          boolean isPart = secrets.stream().anyMatch(secret -> secret.contains(piece.group()));
          return isPart ? Matcher.quoteReplacement(MASK) : Matcher.quoteReplacement(piece.group());
        });
  }

  private static @Nullable String maskedOrNull(@Nullable String text, List<String> secrets) {
    return text == null ? null : masked(text, secrets);
  }

  private static String masked(String text, List<String> secrets) {
    String masked = text;
    for (String secret : secrets) {
      masked = masked.replace(secret, MASK);
    }
    return masked;
  }

  private static List<String> of(ProviderRuntime provider, KeySpread.@Nullable Slot key) {
    List<String> secrets = new ArrayList<>();
    provider
        .headers()
        .forEach((name, value) -> {
          if (SecretHeader.is(name)) {
            addHeader(value.reveal(), secrets);
          }
        });
    switch (key == null ? null : key.credential()) {
      case null -> {}
      case Credential.ApiKey(String secret) -> add(secret, secrets);
      case Credential.BearerToken(String token) -> add(token, secrets);
      case Credential.AwsKeys(String id, String secret, String session) -> {
        add(id, secrets);
        add(secret, secrets);
        if (session != null) {
          add(session, secrets);
        }
      }
    }
    return secrets;
  }

  /** What is sent as "Bearer TOKEN" may be told without the first word. */
  private static void addHeader(String value, List<String> to) {
    add(value, to);
    int space = value.lastIndexOf(' ');
    if (space >= 0) {
      add(value.substring(space + 1), to);
    }
  }

  private static void add(String secret, List<String> to) {
    if (secret.length() < SHORTEST) {
      return;
    }
    to.add(secret);
    if (secret.indexOf('/') >= 0) {
      // As some write it in JSON.
      to.add(secret.replace("/", "\\/"));
    }
  }
}
