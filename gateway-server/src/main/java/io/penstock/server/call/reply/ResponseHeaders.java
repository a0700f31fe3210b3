package io.penstock.server.call.reply;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import io.penstock.core.Dialect;
import java.util.List;

/** The names of the gateway's response headers and the headers that every answer has. */
public final class ResponseHeaders {
  static final AsciiString REQUEST_ID = AsciiString.cached("x-penstock-request-id");
  public static final AsciiString MODEL = AsciiString.cached("x-penstock-model");
  public static final AsciiString PROVIDER = AsciiString.cached("x-penstock-provider");
  public static final AsciiString ROUTE = AsciiString.cached("x-penstock-route");
  public static final AsciiString SIMILARITY = AsciiString.cached("x-penstock-similarity");
  public static final AsciiString CACHE = AsciiString.cached("x-penstock-cache");
  public static final AsciiString COST = AsciiString.cached("x-penstock-cost-usd");
  public static final AsciiString SAVED = AsciiString.cached("x-penstock-saved-usd");
  public static final AsciiString PRICE_VERSION = AsciiString.cached("x-penstock-price-version");
  public static final AsciiString DROPPED = AsciiString.cached("x-penstock-dropped");
  public static final AsciiString MAX_TOKENS = AsciiString.cached("x-penstock-max-tokens");
  public static final AsciiString REMAINING = AsciiString.cached("x-penstock-budget-remaining-usd");
  static final AsciiString SHOULD_RETRY = AsciiString.cached("x-should-retry");
  static final AsciiString RETRY_AFTER_MS = AsciiString.cached("retry-after-ms");
  static final AsciiString UPSTREAM_ID = AsciiString.cached("x-penstock-upstream-request-id");

  private static final AsciiString X_REQUEST_ID = AsciiString.cached("x-request-id");
  private static final AsciiString ANTHROPIC_ID = AsciiString.cached("request-id");
  private static final AsciiString ACCEL_BUFFERING = AsciiString.cached("x-accel-buffering");

  private static final int MOST_LISTED = 1000;

  private ResponseHeaders() {}

  /** Returns headers with the request's id, in our name and in the surface's own. */
  public static HttpHeaders of(Dialect dialect, String requestId, CharSequence contentType) {
    // Values are the gateway's own or were checked when they were read: no second check.
    HttpHeaders headers =
        DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
    headers.set(HttpHeaderNames.CONTENT_TYPE, contentType);
    headers.set(REQUEST_ID, requestId);
    headers.set(dialect == Dialect.ANTHROPIC ? ANTHROPIC_ID : X_REQUEST_ID, requestId);
    return headers;
  }

  /** Returns headers of an answer that is no model call. */
  public static HttpHeaders plain(CharSequence contentType) {
    HttpHeaders headers =
        DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
    headers.set(HttpHeaderNames.CONTENT_TYPE, contentType);
    return headers;
  }

  /** Adds what keeps proxies from holding a stream back. */
  public static void stream(HttpHeaders headers) {
    headers.set(HttpHeaderNames.CACHE_CONTROL, "no-cache");
    headers.set(ACCEL_BUFFERING, "no");
  }

  /**
   * Returns the names as a header value: as many as 1,000 characters hold, then how many more there
   * are. A long history may have hundreds, and clients take 8 kB of headers in all.
   */
  public static String listed(List<String> names) {
    StringBuilder list = new StringBuilder();
    int shown = 0;
    for (String name : names) {
      if (list.length() + name.length() >= MOST_LISTED) {
        list.append(shown == 0 ? "" : ",").append("+").append(names.size() - shown);
        break;
      }
      list.append(shown++ == 0 ? "" : ",").append(name);
    }
    return safe(list.toString());
  }

  /** Returns the text as a header value: anything but visible ASCII becomes a question mark. */
  public static String safe(String value) {
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) < 0x20 || value.charAt(i) > 0x7e) {
        return value.replaceAll("[^\\x20-\\x7e]", "?");
      }
    }
    return value;
  }
}
