package io.penstock.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Ends TLS in front of a loopback server that may have been built without it. */
public final class TlsFront implements AutoCloseable {
  private final ServerSocket listener;
  private final int target;
  private final AtomicInteger connections = new AtomicInteger();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  /** Listens on a free port, shows the certificate and forwards to the target port. */
  public TlsFront(TestCertificate certificate, int target) {
    this.target = target;
    try {
      listener = certificate.sockets().createServerSocket(0, 128, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.startVirtualThread(this::accept);
  }

  /** Returns the port that speaks TLS. */
  public int port() {
    return listener.getLocalPort();
  }

  /** Returns how many connections were made. */
  public int connections() {
    return connections.get();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        Thread.startVirtualThread(() -> forward(client));
      } catch (IOException e) {
        // The listener was closed: the loop ends.
      }
    }
  }

  private void forward(Socket client) {
    open.add(client);
    try {
      Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
      open.add(server);
      connections.incrementAndGet();
      Thread.startVirtualThread(() -> copy(server, client));
      copy(client, server);
    } catch (IOException e) {
      closeQuietly(client);
    }
  }

  private void copy(Socket from, Socket to) {
    try (InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      in.transferTo(out);
    } catch (IOException e) {
      // Either end has gone: both are closed.
    } finally {
      closeQuietly(from);
      closeQuietly(to);
    }
  }

  private void closeQuietly(Socket socket) {
    open.remove(socket);
    try {
      socket.close();
    } catch (IOException e) {
      // It is gone either way.
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Set.copyOf(open).forEach(this::closeQuietly);
  }
}
