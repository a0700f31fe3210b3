package io.penstock.providers;

import java.util.List;

/**
 * The request for the provider, without credentials.
 *
 * @param method the HTTP method
 * @param path path and query, appended to the provider's base URL; begins with a slash
 * @param headers further headers, lower-case names; content-type among them
 * @param body the bytes; may be the client's own array
 */
public record UpstreamRequest(String method, String path, List<Header> headers, byte[] body) {
  /** One header. */
  public record Header(String name, String value) {}

  public UpstreamRequest {
    headers = List.copyOf(headers);
  }
}
