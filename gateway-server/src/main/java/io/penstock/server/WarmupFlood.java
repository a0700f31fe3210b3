package io.penstock.server;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * More at once than a gateway can do, again and again: so that its profiles know what it is to
 * refuse. Without them the first overload throws away the code of the whole request path, for what
 * never happened before, when there is no time to compile it anew.
 */
final class WarmupFlood {
  private static final int CONNECTIONS = 1000;
  private static final int WAVES = 8;
  private static final int PATIENCE_MILLIS = 10_000;
  private static final String LENGTH = "content-length: ";

  private WarmupFlood() {}

  /**
   * Asks over all connections before it reads any answer.
   *
   * @return how many were answered, and how many of these refused, in words
   * @throws IOException also when there are too few file descriptors for so many connections
   */
  static String run(int gateway, String key, String body) throws IOException {
    List<Socket> sockets = new ArrayList<>();
    int refused = 0;
    try {
      connect(gateway, sockets);
      for (int wave = 0; wave < WAVES; wave++) {
        for (int i = 0; i < sockets.size(); i++) {
          byte[] request = request(key, body, wave * CONNECTIONS + i);
          sockets.get(i).getOutputStream().write(request);
        }
        for (Socket socket : sockets) {
          refused += isRefusal(socket.getInputStream()) ? 1 : 0;
        }
      }
      return refused + " of " + WAVES * CONNECTIONS + " refused";
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  private static void connect(int gateway, List<Socket> sockets) throws IOException {
    while (sockets.size() < CONNECTIONS) {
      Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway);
      sockets.add(socket);
      socket.setSoTimeout(PATIENCE_MILLIS);
    }
  }

  /** Returns one that no cache knows, for as long as no other has its number. */
  private static byte[] request(String key, String body, int number) {
    String own = body.replace("flood", "flood " + number);
    String head =
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer "
            + key
            + "\r\ncontent-type: application/json\r\ncontent-length: "
            + own.length()
            + "\r\n\r\n";
    return (head + own).getBytes(StandardCharsets.US_ASCII);
  }

  /** Reads one answer. */
  private static boolean isRefusal(InputStream from) throws IOException {
    InputStream in = new BufferedInputStream(from);
    int length = 0;
    boolean refusal = line(in).contains(" 503 ");
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      if (line.toLowerCase(Locale.ROOT).startsWith(LENGTH)) {
        length = Integer.parseInt(line.substring(LENGTH.length()));
      }
    }
    in.skipNBytes(length);
    return refusal;
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the gateway closed a connection of the flood");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }
}
