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
public final class RequestHeaders {
  static final AsciiString API_KEY = AsciiString.cached("api-key");
  static final AsciiString X_API_KEY = AsciiString.cached("x-api-key");
  public static final AsciiString GOOGLE_KEY = AsciiString.cached("x-goog-api-key");
  public static final AsciiString ANTHROPIC_VERSION = AsciiString.cached("anthropic-version");
  static final AsciiString ANTHROPIC_BETA = AsciiString.cached("anthropic-beta");
  public static final AsciiString IDEMPOTENCY_KEY = AsciiString.cached("idempotency-key");
  public static final AsciiString TRACEPARENT = AsciiString.cached("traceparent");
  public static final AsciiString CACHE = AsciiString.cached("x-penstock-cache");
  public static final AsciiString METADATA = AsciiString.cached("x-penstock-metadata");
  public static final AsciiString ROUTE = AsciiString.cached("x-penstock-route");
  public static final AsciiString SESSION = AsciiString.cached("x-penstock-session");
  public static final AsciiString USER = AsciiString.cached("x-penstock-user");

  private RequestHeaders() {}

  /**
   * Returns the features that an Anthropic client asks for, of all lines; null when there are none.
   */
  public static @Nullable String betas(HttpHeaders headers) {
    List<String> lines = headers.getAll(ANTHROPIC_BETA);
    return lines.isEmpty() ? null : String.join(",", lines);
  }

  /** Returns a client's headers as providers look them up; a list may stand in several lines. */
  public static HeaderLookup lookup(HttpHeaders headers) {
    return name ->
        ANTHROPIC_BETA.contentEqualsIgnoreCase(name) ? betas(headers) : headers.get(name);
  }
}
