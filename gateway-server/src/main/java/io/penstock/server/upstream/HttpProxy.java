package io.penstock.server.upstream;

import io.netty.handler.proxy.HttpProxyHandler;
import java.net.InetSocketAddress;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/** An HTTP proxy on the way to a provider, and who it is told is asking. Immutable. */
public final class HttpProxy {
  private static final int USUAL_PORT = 3128;

  private final InetSocketAddress address;
  private final @Nullable String user;
  private final String password;

  private HttpProxy(InetSocketAddress address, @Nullable String user, String password) {
    this.address = address;
    this.user = user;
    this.password = password;
  }

  /**
   * Reads an address such as {@code http://user:password@proxy:3128}; blocks while its name is
   * looked up.
   *
   * @throws IllegalArgumentException on any other text; its message may quote the password
   */
  public static HttpProxy of(String url) {
    URI uri = URI.create(url);
    String path = uri.getRawPath();
    boolean bare = path == null || path.isEmpty() || path.equals("/");
    if (!"http".equals(uri.getScheme()) || uri.getHost() == null || !bare) {
      throw new IllegalArgumentException("no address of an HTTP proxy");
    }
    InetSocketAddress address =
        new InetSocketAddress(uri.getHost(), uri.getPort() >= 0 ? uri.getPort() : USUAL_PORT);
    String who = uri.getUserInfo();
    if (who == null) {
      return new HttpProxy(address, null, "");
    }
    int colon = who.indexOf(':');
    return colon < 0
        ? new HttpProxy(address, who, "")
        : new HttpProxy(address, who.substring(0, colon), who.substring(colon + 1));
  }

  /** Returns what a connection needs to go that way. */
  HttpProxyHandler handler() {
    return user == null
        ? new HttpProxyHandler(address)
        : new HttpProxyHandler(address, user, password);
  }
}
