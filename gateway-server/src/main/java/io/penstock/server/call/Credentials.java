package io.penstock.server.call;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.util.AsciiString;
import io.penstock.server.client.RequestHead;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where clients put their key, whatever SDK they use. What is looked for in a query is also what is
 * taken out of it: a key that opens the gateway never goes on to a provider.
 */
public final class Credentials {
  /** Each wins over a Bearer token when both are there, as at Anthropic. */
  private static final List<AsciiString> KEYS =
      List.of(RequestHeaders.X_API_KEY, RequestHeaders.API_KEY, RequestHeaders.GOOGLE_KEY);

  /** Headers in which a client's key may stand, in lower case: neither shown nor passed on. */
  public static final Set<String> HEADERS =
      Stream.concat(KEYS.stream(), Stream.of(HttpHeaderNames.AUTHORIZATION))
          .map(AsciiString::toString)
          .collect(Collectors.toUnmodifiableSet());

  private Credentials() {}

  /** Returns what the client presents as its key or token, or null when there is nothing. */
  public static @Nullable String presented(RequestHead head) {
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
    return inQuery(head.query());
  }

  private static @Nullable String inQuery(String query) {
    for (String parameter : query.split("&", -1)) {
      if (isKey(parameter)) {
        String value = decoded(parameter.substring(parameter.indexOf('=') + 1));
        return value == null || value.isBlank() ? null : value.strip();
      }
    }
    return null;
  }

  /** Returns a query without any parameter in which {@link #presented} would look for a key. */
  public static String withoutKey(String query) {
    List<String> kept = new ArrayList<>();
    for (String parameter : query.split("&", -1)) {
      if (!parameter.isEmpty() && !isKey(parameter)) {
        kept.add(parameter);
      }
    }
    return String.join("&", kept);
  }

  /** Only {@code &} separates: what stands behind a semicolon is part of a value. */
  private static boolean isKey(String parameter) {
    int equals = parameter.indexOf('=');
    return equals > 0 && "key".equals(decoded(parameter.substring(0, equals)));
  }

  /** Returns null for what is not percent-encoded as it should be: it holds no key. */
  private static @Nullable String decoded(String text) {
    try {
      return QueryStringDecoder.decodeComponent(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
