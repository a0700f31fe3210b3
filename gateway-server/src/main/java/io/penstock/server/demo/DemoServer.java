package io.penstock.server.demo;

import io.netty.channel.EventLoopGroup;
import io.penstock.server.client.ClientServer;
import io.penstock.server.upstream.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The demo provider's server of a gateway, started when a configuration first names it: a gateway
 * without one opens no port for it. Any thread but an event loop.
 */
public final class DemoServer implements IntSupplier, AutoCloseable {
  private final EventLoopGroup loops;
  private final Transport transport;
  private @Nullable ClientServer server;

  /** Makes one that will run on these loops. */
  public DemoServer(EventLoopGroup loops, Transport transport) {
    this.loops = loops;
    this.transport = transport;
  }

  /**
   * Returns the loopback port. Blocks the first time.
   *
   * @throws UncheckedIOException when no port can be bound
   */
  @Override
  public synchronized int getAsInt() {
    if (server == null) {
      try {
        server = DemoProvider.start(loops, transport);
      } catch (IOException e) {
        throw new UncheckedIOException("the demo provider: " + e.getMessage(), e);
      }
    }
    return server.port();
  }

  /** Ends the server, if it was needed. */
  @Override
  public synchronized void close() {
    if (server != null) {
      server.close();
    }
  }
}
