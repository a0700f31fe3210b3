package io.penstock.server.upstream;

import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.proxy.ProxyConnectException;
import io.penstock.core.Seldom;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * That a provider is not reached, and why. Exceptions quote addresses of the operator's network,
 * which are for the log alone; clients are told the kind. The log is told when it begins, when it
 * is over, and between them once a minute: a line for each call would be a thousand a second. A
 * provider that comes and goes has two lines a minute. Thread-safe, and without locks; one that is
 * reached costs a read per connection.
 */
final class Unreached {
  private static final Logger LOG = LoggerFactory.getLogger(Unreached.class);

  private final String provider;
  private final Seldom seldom = new Seldom(TimeUnit.MINUTES.toNanos(1));

  /** The last line said that it is not reached. */
  private final AtomicBoolean told = new AtomicBoolean();

  Unreached(String provider) {
    this.provider = provider;
  }

  /**
   * Takes note of a failed connection and returns the kind of its cause, which names no address.
   */
  String failed(@Nullable Throwable cause, long nowNanos) {
    long failed = seldom.counts(nowNanos);
    if (failed > 0) {
      LOG.atWarn()
          .addKeyValue("to", provider)
          .addKeyValue("cause", cause)
          .addKeyValue("failed", failed)
          .log("a provider is not reached");
      // After the line, so that the one that takes it back comes behind it.
      told.set(true);
    }
    return kind(cause);
  }

  /** Takes note of a connection that was made. */
  void reached() {
    if (told.get() && told.compareAndSet(true, false)) {
      LOG.atInfo()
          .addKeyValue("to", provider)
          .addKeyValue("failed", seldom.rest())
          .log("a provider is reached again");
    }
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
