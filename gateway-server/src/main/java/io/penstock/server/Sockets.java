package io.penstock.server;

import io.netty.handler.ssl.SslContext;
import io.penstock.server.client.ClientLimits;
import io.penstock.server.client.ClientServer;
import io.penstock.server.client.TlsFiles;
import io.penstock.server.config.Config;
import io.penstock.server.config.LimitsConfig;
import io.penstock.server.config.TlsConfig;
import io.penstock.server.config.value.HostPort;
import io.penstock.server.upstream.Transport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the configuration says of sockets, in the words of those that open them. */
final class Sockets {
  private static final Logger LOG = LoggerFactory.getLogger(Sockets.class);

  private Sockets() {}

  /** Returns the kind that is asked for, or NIO where this machine does not have it. */
  static Transport transport(Config config) {
    Transport wanted = Transport.valueOf(config.transport().name());
    if (wanted.isAvailable()) {
      return wanted;
    }
    LOG.atWarn().addKeyValue("transport", wanted).log("not available here; using NIO");
    return Transport.NIO;
  }

  /**
   * Returns the number of event loops. Few busy loops cost less than many idle ones, and the rest
   * of a request's work, the kernel's and the ledger's, wants processors too.
   */
  static int loops(Config config) {
    Integer wanted = config.loops();
    return wanted == null ? Math.max(1, Runtime.getRuntime().availableProcessors() / 2) : wanted;
  }

  /**
   * Returns what the traffic port needs.
   *
   * @param limits those in force: new connections have them
   * @throws IOException when the certificate files cannot be read
   */
  static ClientServer.Options traffic(Config config, Supplier<LimitsConfig> limits)
      throws IOException {
    return new ClientServer.Options(
        address(config.listen()),
        () -> limits(limits.get()),
        tls("tls", config.tls()),
        config.proxyProtocol().isOn());
  }

  /** Returns what the admin port needs, as {@link #traffic} does. */
  static ClientServer.Options admin(Config config, Supplier<LimitsConfig> limits)
      throws IOException {
    return new ClientServer.Options(
        address(config.admin().listen()),
        () -> limits(limits.get()),
        tls("admin.tls", config.admin().tls()),
        false);
  }

  private static @Nullable Supplier<SslContext> tls(String section, @Nullable TlsConfig config)
      throws IOException {
    return config == null
        ? null
        : TlsFiles.of(section, config.certificate(), config.key())::context;
  }

  private static InetSocketAddress address(HostPort at) {
    return new InetSocketAddress(at.host(), at.port());
  }

  private static ClientLimits limits(LimitsConfig limits) {
    return new ClientLimits(
        limits.connections(),
        (int) limits.headers().bytes(),
        limits.headerTimeout().toMillis(),
        limits.bodyTimeout().toMillis(),
        limits.idleTimeout().toMillis(),
        limits.slowTimeout().toMillis(),
        limits.unreadBytes().bytes());
  }
}
