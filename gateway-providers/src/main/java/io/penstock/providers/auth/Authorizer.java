package io.penstock.providers.auth;

import io.penstock.core.Dialect;
import io.penstock.providers.UpstreamRequest;
import io.penstock.providers.UpstreamRequest.Header;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Adds a credential to a request, as its dialect wants it. */
public final class Authorizer {
  private Authorizer() {}

  /**
   * Returns the request with the credential's headers. Call it last: a signature covers the bytes.
   *
   * @param base the provider's base URL; a signature covers its host and path
   * @param region for signing; not used otherwise
   * @param now the wall clock, corrected by what the service says its time is
   */
  public static UpstreamRequest authorize(
      UpstreamRequest request,
      URI base,
      Dialect dialect,
      String region,
      Credential credential,
      Instant now) {
    List<Header> headers = new ArrayList<>(request.headers());
    switch (credential) {
      case Credential.ApiKey key -> headers.add(key(dialect, key.secret()));
      case Credential.BearerToken token -> headers.add(bearer(token.token()));
      case Credential.AwsKeys keys ->
          headers.addAll(new SigV4(keys, region, "bedrock").sign(request, base, now));
    }
    return new UpstreamRequest(request.method(), request.path(), headers, request.body());
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
