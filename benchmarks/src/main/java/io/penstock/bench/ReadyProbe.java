package io.penstock.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Asks a gateway whether it serves. */
final class ReadyProbe {
  private static final int PATIENCE_MILLIS = 1000;
  private static final String SERVES = "HTTP/1.1 200";
  private static final byte[] ASK =
      "GET /readyz HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n"
          .getBytes(StandardCharsets.US_ASCII);

  private ReadyProbe() {}

  /** Returns whether the gateway on that port of loopback answers {@code /readyz} with 200. */
  static boolean isReady(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.getOutputStream().write(ASK);
      byte[] answer = socket.getInputStream().readNBytes(SERVES.length());
      return new String(answer, StandardCharsets.US_ASCII).equals(SERVES);
    } catch (IOException e) {
      return false; // not listening yet
    }
  }
}
