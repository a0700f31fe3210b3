package io.penstock.server.upstream;

import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.proxy.ProxyConnectException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Why a provider was not reached. Exceptions quote addresses of the operator's network, which are
 * for the log alone; clients are told the kind. Stateless.
 */
final class Unreached {
  private static final Logger LOG = LoggerFactory.getLogger(Unreached.class);

  private Unreached() {}

  /** Logs the cause with the address and returns its kind, which names none. */
  static String why(Origin origin, @Nullable Throwable cause) {
    LOG.atWarn()
        .addKeyValue("to", origin)
        .addKeyValue("cause", cause)
        .log("a provider was not reached");
    return kind(cause);
  }

  /** Returns what an exception means; the first kind that fits. */
  static String kind(@Nullable Throwable cause) {
    return switch (cause) {
      case ConnectTimeoutException late -> "no connection in time";
      case ProxyConnectException proxy -> "the proxy did not connect to it";
      case ConnectException refused -> "the connection was refused";
      case NoRouteToHostException unrouted -> "there is no route to it";
      case UnknownHostException unnamed -> "its name cannot be resolved";
      case SSLException tls -> "the TLS handshake failed";
      case null, default -> "the connection failed";
    };
  }
}
