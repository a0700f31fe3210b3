package io.penstock.server.call;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import io.penstock.providers.HeaderLookup;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The names of the request headers that the gateway reads. Not texts: those would be hashed anew at
 * every look, several times per request.
 */
final class RequestHeaders {
  static final AsciiString API_KEY = AsciiString.cached("api-key");
  static final AsciiString X_API_KEY = AsciiString.cached("x-api-key");
  static final AsciiString GOOGLE_KEY = AsciiString.cached("x-goog-api-key");
  static final AsciiString ANTHROPIC_VERSION = AsciiString.cached("anthropic-version");
  static final AsciiString ANTHROPIC_BETA = AsciiString.cached("anthropic-beta");
  static final AsciiString IDEMPOTENCY_KEY = AsciiString.cached("idempotency-key");
  static final AsciiString TRACEPARENT = AsciiString.cached("traceparent");
  static final AsciiString CACHE = AsciiString.cached("x-penstock-cache");
  static final AsciiString METADATA = AsciiString.cached("x-penstock-metadata");
  static final AsciiString ROUTE = AsciiString.cached("x-penstock-route");
  static final AsciiString SESSION = AsciiString.cached("x-penstock-session");
  static final AsciiString USER = AsciiString.cached("x-penstock-user");

  private RequestHeaders() {}

  /**
   * Returns the features that an Anthropic client asks for, of all lines; null when there are none.
   */
  static @Nullable String betas(HttpHeaders headers) {
    List<String> lines = headers.getAll(ANTHROPIC_BETA);
    return lines.isEmpty() ? null : String.join(",", lines);
  }

  /** Returns a client's headers as providers look them up; a list may stand in several lines. */
  static HeaderLookup lookup(HttpHeaders headers) {
    return name ->
        ANTHROPIC_BETA.contentEqualsIgnoreCase(name) ? betas(headers) : headers.get(name);
  }
}
