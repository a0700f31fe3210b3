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

  /** Takes a request target apart. */
  static RequestHead of(
      HttpMethod method, String uri, HttpHeaders headers, @Nullable InetAddress remote) {
    int question = uri.indexOf('?');
    return question < 0
        ? new RequestHead(method, uri, "", headers, remote)
        : new RequestHead(
            method, uri.substring(0, question), uri.substring(question + 1), headers, remote);
  }
}
