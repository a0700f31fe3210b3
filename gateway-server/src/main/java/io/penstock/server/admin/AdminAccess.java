package io.penstock.server.admin;

import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.server.config.value.HostPort;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Who may ask. With a token: who sends it. Without one the port is on loopback, where a web page in
 * the operator's browser comes from too: it is known by its origin or, when it has the browser look
 * up a name of its own that means this machine, by that name.
 *
 * @param token "" for anyone (loopback only)
 * @param metricsOpen whether {@code /metrics} needs no token
 * @param tls whether the port speaks TLS
 */
public record AdminAccess(String token, boolean metricsOpen, boolean tls) {
  private static final String SCHEME = "Bearer ";

  /** Returns the answer to one who may not ask, or null. */
  @Nullable AdminReply refusal(String path, HttpHeaders headers) {
    if (path.equals("/healthz") || path.equals("/readyz")) {
      return null;
    }
    if (token.isEmpty()) {
      return fromElsewhere(headers);
    }
    // The dashboard's own files hold no data; its calls carry the token.
    boolean open =
        (metricsOpen && path.equals("/metrics")) || path.equals("/ui") || path.startsWith("/ui/");
    return open || isToken(headers.get("authorization", ""))
        ? null
        : AdminReply.error(
            401, "invalid_admin_token", "Send the admin token as \"Authorization: Bearer TOKEN\".");
  }

  /** The scheme is of any case (RFC 9110, 11.1). */
  private boolean isToken(String sent) {
    return sent.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        && MessageDigest.isEqual(
            token.getBytes(StandardCharsets.UTF_8),
            sent.substring(SCHEME.length()).getBytes(StandardCharsets.UTF_8));
  }

  private @Nullable AdminReply fromElsewhere(HttpHeaders headers) {
    String host = headers.get("host", "");
    if (!isLoopback(host.toLowerCase(Locale.ROOT))) {
      return AdminReply.error(
          403,
          "host_not_allowed",
          "Host: " + host + " (expected: localhost, 127.0.0.1 or [::1], or set admin.token)");
    }
    String origin = headers.get("origin");
    return origin == null || origin.equalsIgnoreCase((tls ? "https://" : "http://") + host)
        ? null
        : AdminReply.error(
            403,
            "origin_not_allowed",
            "Origin: " + origin + " (expected: this port's own, or set admin.token)");
  }

  private static boolean isLoopback(String host) {
    int port = host.lastIndexOf(':');
    String name = port > host.lastIndexOf(']') ? host.substring(0, port) : host;
    boolean ipv6 = name.startsWith("[") && name.endsWith("]");
    return new HostPort(ipv6 ? name.substring(1, name.length() - 1) : name, 0).isLoopback();
  }

  @Override
  public String toString() {
    return "AdminAccess[token=****, metricsOpen=" + metricsOpen + ", tls=" + tls + "]";
  }
}
