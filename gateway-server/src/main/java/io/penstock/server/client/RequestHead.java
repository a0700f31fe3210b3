package io.penstock.server.client;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * A request before its body.
 *
 * @param path the path as sent, without the query
 * @param query what stands behind the question mark, "" when nothing
 * @param remote the client's address, by the PROXY protocol when that is on; null when unknown
 */
public record RequestHead(
    HttpMethod method,
    String path,
    String query,
    HttpHeaders headers,
    @Nullable InetAddress remote) {

  /** Takes a request target apart; an absolute one is served too (RFC 9112, 3.2.2). */
  static RequestHead of(
      HttpMethod method, String target, HttpHeaders headers, @Nullable InetAddress remote) {
    String uri = target.startsWith("/") ? target : origin(target);
    int question = uri.indexOf('?');
    return question < 0
        ? new RequestHead(method, uri, "", headers, remote)
        : new RequestHead(
            method, uri.substring(0, question), uri.substring(question + 1), headers, remote);
  }

  /** Returns whether a balancer asks how the gateway is. A 200 to CONNECT would be a tunnel. */
  public boolean isProbe() {
    return (path.equals("/healthz") || path.equals("/readyz"))
        && !method.equals(HttpMethod.CONNECT);
  }

  /** Takes scheme and authority off. */
  private static String origin(String target) {
    boolean http = target.regionMatches(true, 0, "http://", 0, 7);
    if (!http && !target.regionMatches(true, 0, "https://", 0, 8)) {
      return target;
    }
    int at = target.indexOf("://") + 3;
    while (at < target.length() && target.charAt(at) != '/' && target.charAt(at) != '?') {
      at++;
    }
    String rest = target.substring(at);
    return rest.startsWith("/") ? rest : "/" + rest;
  }
}
