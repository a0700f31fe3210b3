package io.penstock.server.upstream;

import io.netty.handler.ssl.SslContext;
import org.jspecify.annotations.Nullable;

/**
 * Where a provider listens and how it is reached. Compared by identity: an origin that a reload
 * leaves as it was keeps its connections.
 */
public final class Origin {
  private final String host;
  private final int port;
  private final @Nullable SslContext ssl;
  private final @Nullable HttpProxy proxy;
  private final String authority;
  private final Unreached unreached;

  /**
   * Creates an origin.
   *
   * @param ssl verifies the provider's certificate and host name; null for plain HTTP
   * @param proxy an HTTP proxy, or null
   */
  public Origin(String host, int port, @Nullable SslContext ssl, @Nullable HttpProxy proxy) {
    this.host = host;
    this.port = port;
    this.ssl = ssl;
    this.proxy = proxy;
    boolean usual = port == (ssl == null ? 80 : 443);
    String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    this.authority = usual ? name : name + ":" + port;
    this.unreached = new Unreached(toString());
  }

  /** Returns the host name or address. */
  public String host() {
    return host;
  }

  /** Returns the port. */
  public int port() {
    return port;
  }

  /** Returns the TLS context, or null for plain HTTP. */
  public @Nullable SslContext ssl() {
    return ssl;
  }

  /** Returns the HTTP proxy, or null. */
  public @Nullable HttpProxy proxy() {
    return proxy;
  }

  /** Returns the value of the host header. */
  public String authority() {
    return authority;
  }

  /** Takes note of connections to it. */
  Unreached unreached() {
    return unreached;
  }

  @Override
  public String toString() {
    return (ssl == null ? "http://" : "https://") + authority;
  }
}
