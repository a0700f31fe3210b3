package io.penstock.server.config;

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

  @Override
  public String toString() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }
}
