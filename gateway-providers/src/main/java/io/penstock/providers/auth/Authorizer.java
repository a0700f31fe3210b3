package io.penstock.providers.auth;

import io.penstock.core.Dialect;
import io.penstock.providers.UpstreamRequest;
import io.penstock.providers.UpstreamRequest.Header;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Says how a credential goes with a request, as its dialect wants it. */
public final class Authorizer {
  private Authorizer() {}

  /** Returns the header that a credential is sent in; null for keys that sign: {@link #sign}. */
  public static @Nullable Header header(Dialect dialect, Credential credential) {
    return switch (credential) {
      case Credential.ApiKey key -> key(dialect, key.secret());
      case Credential.BearerToken token -> bearer(token.token());
      case Credential.AwsKeys keys -> null;
    };
  }

  /**
   * Returns the headers of a signature. Call it last: it covers the bytes.
   *
   * @param base the provider's base URL; a signature covers its host and path
   * @param now the wall clock, corrected by what the service says its time is
   */
  public static List<Header> sign(
      UpstreamRequest request, URI base, String region, Credential.AwsKeys keys, Instant now) {
    return new SigV4(keys, region, "bedrock").sign(request, base, now);
  }

  private static Header key(Dialect dialect, String secret) {
    return switch (dialect) {
      case ANTHROPIC -> new Header("x-api-key", secret);
      case GEMINI, VERTEX -> new Header("x-goog-api-key", secret);
      case AZURE -> new Header("api-key", secret);
      case OPENAI, BEDROCK, COHERE, DEMO -> bearer(secret);
    };
  }

  private static Header bearer(String token) {
    return new Header("authorization", "Bearer " + token);
  }
}
