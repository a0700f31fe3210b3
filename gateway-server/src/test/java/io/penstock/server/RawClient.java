package io.penstock.server;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** One connection of a client that speaks HTTP by hand, for what no proper client sends. */
final class RawClient implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 20_000;

  private final Socket socket;

  RawClient(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(PATIENCE_MILLIS);
  }

  static RawClient to(RunningGateway gateway) throws IOException {
    return toPort(gateway.port());
  }

  /** Connects to another port of this machine, such as the admin port. */
  static RawClient toPort(int port) throws IOException {
    return new RawClient(new Socket(InetAddress.getLoopbackAddress(), port));
  }

  /** Connects with a small receive buffer, so that what it leaves unread fills up soon. */
  static RawClient slow(RunningGateway gateway) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(16 * 1024);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), gateway.port()));
    return new RawClient(socket);
  }

  /** Returns a whole request. */
  static String post(String path, String body, String... headerLines) {
    return head(path, body.getBytes(StandardCharsets.UTF_8).length, headerLines) + body;
  }

  /** Returns a request's head. */
  static String head(String path, long length, String... headerLines) {
    String more = headerLines.length == 0 ? "" : String.join("\r\n", headerLines) + "\r\n";
    return "POST "
        + path
        + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
        + RunningGateway.KEY
        + "\r\nContent-Type: application/json\r\nContent-Length: "
        + length
        + "\r\n"
        + more
        + "\r\n";
  }

  void send(String text) throws IOException {
    send(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  void send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  /** Reads until the marker has come or the connection has ended. */
  String readUntil(String marker) throws IOException {
    return SpineTest.RawHttp.readUntil(socket.getInputStream(), marker);
  }

  /** Reads until the gateway closes the connection; a reset ends it too. */
  String readToEnd() throws IOException {
    StringBuilder read = new StringBuilder();
    byte[] buffer = new byte[4096];
    InputStream in = socket.getInputStream();
    try {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        read.append(new String(buffer, 0, n, StandardCharsets.UTF_8));
      }
    } catch (java.net.SocketException e) {
      return read.toString();
    }
    return read.toString();
  }

  /**
   * Reads until the gateway ends the connection in order.
   *
   * @throws IOException also when it is reset, which may take from a client what it has not read
   */
  String readToOrderlyEnd() throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** Reads that many bytes away; returns fewer when the connection ends. */
  long skip(long bytes) throws IOException {
    long left = bytes;
    byte[] buffer = new byte[64 * 1024];
    while (left > 0) {
      int n = socket.getInputStream().read(buffer, 0, (int) Math.min(left, buffer.length));
      if (n < 0) {
        break;
      }
      left -= n;
    }
    return bytes - left;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
