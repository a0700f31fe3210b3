package io.penstock.bench;

import java.net.URI;
import java.nio.charset.StandardCharsets;

/**
 * What is sent, how often and for how long.
 *
 * @param rate requests due per second, whatever the answers do
 * @param bodyBytes size of the request body
 */
record Load(Kind kind, int rate, int seconds, int connections, int bodyBytes) {
  /** Which requests. */
  enum Kind {
    /** No two bodies alike. */
    UNIQUE(false),
    /** One body again and again. */
    SAME(false),
    /** Streams, no two alike. */
    STREAM(true);

    final boolean streaming;

    Kind(boolean streaming) {
      this.streaming = streaming;
    }
  }

  private static final String KEY = "pk-bench";

  /** Returns the bytes of the nth request, head and body. */
  byte[] request(URI target, long n) {
    String serial = String.format("%015d", kind == Kind.SAME ? 0 : n);
    String body =
        (kind.streaming
                ? "{\"stream\":true,\"stream_options\":{\"include_usage\":true},"
                : "{\"stream\":false,")
            + "\"model\":\"bench\",\"temperature\":0,\"max_tokens\":256,\"messages\":"
            + "[{\"role\":\"user\",\"content\":\""
            + serial
            + " ";
    String end = "\"}]}";
    body += "lorem ipsum ".repeat(bodyBytes / 12 + 1).substring(0, filler(body, end)) + end;
    String head =
        "POST "
            + target.getPath()
            + " HTTP/1.1\r\nhost: "
            + target.getAuthority()
            + "\r\nauthorization: Bearer "
            + KEY
            + "\r\ncontent-type: application/json\r\ncontent-length: "
            + body.length()
            + "\r\n\r\n";
    return (head + body).getBytes(StandardCharsets.US_ASCII);
  }

  private int filler(String body, String end) {
    return Math.max(0, bodyBytes - body.length() - end.length());
  }
}
