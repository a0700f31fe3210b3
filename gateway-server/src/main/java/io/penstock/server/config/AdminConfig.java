package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.HostPort;
import io.penstock.server.config.value.InvalidValue;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.Word;
import org.jspecify.annotations.Nullable;

/** The admin port. A token is never empty, and of printable ASCII. */
public record AdminConfig(
    @Setting("Where it listens; beyond loopback it needs a token.") @Default("127.0.0.1:9091")
        HostPort listen,
    @Setting("Serve HTTPS there with these files; they are read again when they change.")
        @Nullable TlsConfig tls,
    @Setting("The bearer token.") @Nullable Secret token,
    @Setting("`open`: `/metrics` is served without the token.") @Default("token")
        Word.MetricsAccess metrics) {

  /** Refuses a token that no header can carry. */
  public AdminConfig {
    if (token != null && !token.reveal().chars().allMatch(c -> c > ' ' && c < 0x7F)) {
      throw new InvalidValue(
          "token", Secret.MASK, "printable ASCII without spaces, as a header has it");
    }
  }

  /** Returns where the port is asked from this machine, such as {@code http://127.0.0.1:9091}. */
  public String reachable() {
    return (tls == null ? "http://" : "https://")
        + switch (listen.host()) {
          case "0.0.0.0" -> new HostPort("127.0.0.1", listen.port());
          case "::" -> new HostPort("::1", listen.port());
          default -> listen;
        };
  }
}
