package io.penstock.core.identity;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who a key or a JWT stands for and what it may do. Immutable; made when the configuration is
 * loaded (keys) or a token is verified (JWT), never per request.
 *
 * @param key the key's id, never its secret; for a JWT {@code jwt:} and the issuer's name
 * @param team the team, empty when it has none
 * @param app the application, empty when not fixed
 * @param user the user, empty when not fixed
 * @param metadata dimensions that no header overrides (the team's, then the key's)
 * @param require metadata names that a request must carry
 * @param models names that may be asked for; globs such as {@code gpt-*}
 * @param routes models that {@code X-Penstock-Route} may name; empty: the header is refused
 * @param deny request parameters that are refused with 403
 * @param allowFrom client networks in CIDR form; empty: any
 * @param expiresAtMillis epoch milliseconds after which the key is refused, or {@link
 *     Long#MAX_VALUE}
 */
public record Principal(
    String key,
    String team,
    String app,
    String user,
    Map<String, String> metadata,
    List<String> require,
    NameSet models,
    NameSet routes,
    List<String> deny,
    List<Cidr> allowFrom,
    long expiresAtMillis) {

  public Principal {
    metadata = Map.copyOf(metadata);
    require = List.copyOf(require);
    deny = List.copyOf(deny);
    allowFrom = List.copyOf(allowFrom);
  }

  /** Returns a principal without limits, for tests and calls that the gateway makes itself. */
  public static Principal of(String key, String team, @Nullable String app, @Nullable String user) {
    return new Principal(
        key,
        team,
        app == null ? "" : app,
        user == null ? "" : user,
        Map.of(),
        List.of(),
        NameSet.of(List.of("*")),
        NameSet.NONE,
        List.of(),
        List.of(),
        Long.MAX_VALUE);
  }

  /** Returns whether this model name may be asked for. */
  public boolean mayAsk(String model) {
    return models.contains(model);
  }

  /** Returns whether a request may come from there; an unknown address only where all may. */
  public boolean mayComeFrom(@Nullable InetAddress address) {
    if (allowFrom.isEmpty()) {
      return true;
    }
    for (Cidr network : allowFrom) {
      if (address != null && network.contains(address)) {
        return true;
      }
    }
    return false;
  }
}
