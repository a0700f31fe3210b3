package io.penstock.server.demo;

import io.netty.channel.EventLoopGroup;
import io.penstock.server.client.ClientServer;
import io.penstock.server.upstream.Transport;
import java.io.IOException;
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
  private boolean closed;

  /** Makes one that will run on these loops. */
  public DemoServer(EventLoopGroup loops, Transport transport) {
    this.loops = loops;
    this.transport = transport;
  }

  /**
   * Returns the loopback port. Blocks the first time.
   *
   * @throws IllegalArgumentException when no port can be bound, or this is closed
   */
  @Override
  public synchronized int getAsInt() {
    if (closed) {
      throw new IllegalArgumentException("the demo provider: the gateway is stopping");
    }
    if (server == null) {
      try {
        server = DemoProvider.start(0, loops, transport);
      } catch (IOException e) {
        throw new IllegalArgumentException("the demo provider: " + e.getMessage(), e);
      }
    }
    return server.port();
  }

  /** Ends the server, if it was needed. */
  @Override
  public synchronized void close() {
    closed = true;
    if (server != null) {
      server.close();
    }
  }
}
