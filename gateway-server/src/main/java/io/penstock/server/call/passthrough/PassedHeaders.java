package io.penstock.server.call.passthrough;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.core.ServedPaths;
import io.penstock.server.call.Call;
import io.penstock.server.call.Credentials;
import io.penstock.server.call.PassedPath;
import io.penstock.server.call.reply.ResponseHeaders;
import io.penstock.server.client.RequestHead;
import io.penstock.server.targets.ProviderRuntime;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What of a passed-through call may pass. Stateless. */
final class PassedHeaders {
  /** Of one connection (RFC 9110, 7.6.1 and 11.7), or set anew on each side. */
  private static final Set<String> CONNECTION =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "proxy-authenticate",
          "proxy-authentication-info",
          "proxy-authorization",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "host",
          "expect",
          "http2-settings");

  /** Secrets of the client beside {@link Credentials#HEADERS}, and what tells of its network. */
  private static final Set<String> PRIVATE =
      Set.of("cookie", "forwarded", "x-real-ip", "content-length", "accept-encoding");

  /**
   * Tells of the operator's account at the provider, or of the provider's host, for which a client
   * would take the gateway's; a client's cookies are nobody's here.
   */
  private static final Set<String> WITHHELD =
      Set.of(
          "set-cookie",
          "alt-svc",
          "nel",
          "report-to",
          "strict-transport-security",
          "openai-organization",
          "openai-project",
          "anthropic-organization-id",
          "anthropic-workspace-id");

  private PassedHeaders() {}

  /** Name another method than the request's, which is what was checked. */
  private static final Set<String> METHODS =
      Set.of("x-http-method-override", "x-http-method", "x-method-override");

  /** Does so in the query (Google's system parameters). */
  private static final String METHOD_PARAMETER = "$httpmethod";

  /** Returns the client's headers without credentials and without the gateway's own. */
  static HttpHeaders request(HttpHeaders from) {
    HttpHeaders to = DefaultHttpHeadersFactory.headersFactory().newHeaders();
    Set<String> named = named(from);
    for (Map.Entry<String, String> header : from) {
      String name = header.getKey().toLowerCase(Locale.ROOT);
      if (!CONNECTION.contains(name)
          && !PRIVATE.contains(name)
          && !METHODS.contains(name)
          && !Credentials.HEADERS.contains(name)
          && !named.contains(name)
          && !name.startsWith("x-penstock-")
          && !name.startsWith("x-forwarded-")
          && !name.startsWith("x-http2-")) {
        to.add(name, header.getValue());
      }
    }
    return to;
  }

  /** Returns the provider's headers, with the call's id and without what names our account. */
  static HttpHeaders response(HttpHeaders from, Call call) {
    HttpHeaders to =
        ResponseHeaders.of(
            call.dialect(), call.idText(), from.get("content-type", "application/octet-stream"));
    Set<String> named = named(from);
    for (Map.Entry<String, String> header : from) {
      String name = header.getKey().toLowerCase(Locale.ROOT);
      if (!CONNECTION.contains(name)
          && !named.contains(name)
          && !WITHHELD.contains(name)
          && !to.contains(name)) {
        to.add(name, header.getValue());
      }
    }
    return to;
  }

  private static Set<String> named(HttpHeaders from) {
    Set<String> names = new HashSet<>();
    for (String value : from.getAll("connection")) {
      for (String name : value.split(",", -1)) {
        names.add(name.strip().toLowerCase(Locale.ROOT));
      }
    }
    return names;
  }

  /**
   * Returns path and query of a stored response at the provider that keeps it.
   *
   * @throws GatewayException 400 for an id that is none
   */
  static String stored(String idAndRest, RequestHead head, ProviderRuntime provider) {
    for (int i = 0; i < idAndRest.length(); i++) {
      char c = idAndRest.charAt(i);
      boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || c == '_' || c == '-');
      if (!plain && c != '/') {
        throw GatewayException.invalid(
            null, "The id of a response has letters, digits, _ and - only.");
      }
    }
    String query = Credentials.withoutKey(head.query());
    String at =
        provider.basePath() + provider.provider().storedResponse(idAndRest, provider.options());
    return query.isEmpty() ? at : at + (at.indexOf('?') < 0 ? "?" : "&") + query;
  }

  /**
   * Returns path and query at the provider. A path that begins with the base address' own path is
   * taken as it is, so that {@code /v1/files} at {@code https://host/v1} is not doubled.
   *
   * @param entry the entry of {@code passthrough} that it is below
   * @throws GatewayException 400 for a path that may be read in several ways and for a query that
   *     names another method, 404 for one that is a served path there: it would go without a price
   */
  static String uri(RequestHead head, String entry, String basePath) {
    String path = PassedPath.sent(entry, head.path());
    if (!ServedPaths.isPlain(path)) {
      throw GatewayException.invalid(
          null,
          "The path must not hold \"..\", \"#\", an encoded \"?\", control characters or a \"%\""
              + " that is no escape.");
    }
    String query = Credentials.withoutKey(head.query());
    String below = path.startsWith(basePath + "/") ? path.substring(basePath.length()) : path;
    if (ServedPaths.containsBelow(below)) {
      throw new GatewayException(
          ErrorCode.UNKNOWN_PATH,
          "This path is not passed on: for the provider it is one that the gateway serves itself,"
              + " with a price and budgets. Ask that one, such as /v1/chat/completions.");
    }
    if (namesMethod(query)) {
      throw GatewayException.invalid(
          null, "The query must not name another method ($httpMethod): send the request with it.");
    }
    String at = basePath + below;
    return query.isEmpty() ? at : at + "?" + query;
  }

  private static boolean namesMethod(String query) {
    return Arrays.stream(query.split("[&;]"))
        .anyMatch(parameter -> {
          int equals = parameter.indexOf('=');
          String name = equals < 0 ? parameter : parameter.substring(0, equals);
          try {
            return METHOD_PARAMETER.equalsIgnoreCase(QueryStringDecoder.decodeComponent(name));
          } catch (IllegalArgumentException e) {
            // No escape: it is not that name.
            return false;
          }
        });
  }
}
