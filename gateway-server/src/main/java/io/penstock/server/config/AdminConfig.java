package io.penstock.server.config;

import org.jspecify.annotations.Nullable;

/** The admin port. A token is never empty. */
public record AdminConfig(
    @Setting("Where it listens; beyond loopback it needs a token.") @Default("127.0.0.1:9091")
        HostPort listen,
    @Setting("The bearer token.") @Nullable Secret token,
    @Setting("Whether `/metrics` is served without the token.") @Default("open")
        Word.MetricsAccess metrics) {

  /** Returns where the port is asked from this machine, such as {@code http://127.0.0.1:9091}. */
  public String reachable() {
    return "http://"
        + switch (listen.host()) {
          case "0.0.0.0" -> new HostPort("127.0.0.1", listen.port());
          case "::" -> new HostPort("::1", listen.port());
          default -> listen;
        };
  }
}
