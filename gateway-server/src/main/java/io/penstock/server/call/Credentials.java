package io.penstock.server.call;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.util.AsciiString;
import io.penstock.server.client.RequestHead;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where clients put their key, whatever SDK they use. */
final class Credentials {
  /** Each wins over a Bearer token when both are there, as at Anthropic (protocols.md 1.2). */
  private static final List<AsciiString> KEYS =
      List.of(RequestHeaders.X_API_KEY, RequestHeaders.API_KEY, RequestHeaders.GOOGLE_KEY);

  private Credentials() {}

  /** Returns what the client presents as its key or token, or null when there is nothing. */
  static @Nullable String presented(RequestHead head) {
    HttpHeaders headers = head.headers();
    for (AsciiString name : KEYS) {
      String value = headers.get(name);
      if (value != null && !value.isBlank()) {
        return value.strip();
      }
    }
    String authorization = headers.get(HttpHeaderNames.AUTHORIZATION);
    if (authorization != null && authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
      return authorization.substring(7).strip();
    }
    return head.query().contains("key=") ? inQuery(head.query()) : null;
  }

  private static @Nullable String inQuery(String query) {
    try {
      List<String> keys =
          new QueryStringDecoder(query, false).parameters().getOrDefault("key", List.of());
      return keys.isEmpty() ? null : keys.getFirst();
    } catch (IllegalArgumentException e) {
      // What is not percent-encoded as it should be holds no key.
      return null;
    }
  }
}
