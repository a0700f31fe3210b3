package io.penstock.server.config.value;

import java.util.regex.Pattern;

/**
 * An address to listen on.
 *
 * @param host an IP address or a name, without brackets; never empty
 * @param port 0 for any free one
 */
public record HostPort(String host, int port) {
  private static final Pattern LOOPBACK = Pattern.compile("127(\\.[0-9]{1,3}){3}");

  /** Returns whether only this machine can reach the address. */
  public boolean isLoopback() {
    return host.equals("localhost") || host.equals("::1") || LOOPBACK.matcher(host).matches();
  }

  /** Returns whether both cannot be listened on at once: the same address, or any and another. */
  public boolean meets(HostPort other) {
    return port != 0 && port == other.port && (host.equals(other.host) || isAny() || other.isAny());
  }

  private boolean isAny() {
    return host.equals("0.0.0.0") || host.equals("::");
  }

  @Override
  public String toString() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }
}
