package io.penstock.bench;

import java.net.URI;
import java.nio.charset.StandardCharsets;

/** The bytes of requests that differ in a serial number alone. Immutable. */
final class RequestTemplate {
  private static final String KEY = "pk-bench";
  private static final int DIGITS = 15;
  private static final String END = "\"}]}";

  private final byte[] bytes;
  private final int serial;
  private final boolean same;

  RequestTemplate(URI target, Load load) {
    String opening = opening(load);
    int filler = Math.max(0, load.bodyBytes() - opening.length() - DIGITS - 1 - END.length());
    String text = "lorem ipsum ".repeat(filler / 12 + 1).substring(0, filler);
    String body = opening + "0".repeat(DIGITS) + " " + text + END;
    String head =
        "POST "
            + target.getPath()
            + " HTTP/1.1\r\nhost: "
            + target.getAuthority()
            + "\r\nauthorization: Bearer "
            + KEY
            + "\r\ncontent-type: application/json\r\n"
            + load.client().headers()
            + "content-length: "
            + body.length()
            + "\r\n\r\n";
    bytes = (head + body).getBytes(StandardCharsets.US_ASCII);
    serial = head.length() + opening.length();
    same = load.kind() == Load.Kind.SAME;
  }

  /** The flag comes first: the mock provider looks there only. */
  private static String opening(Load load) {
    return (load.kind().streaming
            ? "{\"stream\":true,\"stream_options\":{\"include_usage\":true},"
            : "{\"stream\":false,")
        + "\"model\":\""
        + load.client().model()
        + "\",\"temperature\":0,\"max_tokens\":256,\"messages\":[{\"role\":\"user\",\"content\":\"";
  }

  /** Returns the bytes of the nth request, head and body. */
  byte[] request(long n) {
    byte[] copy = bytes.clone();
    long rest = same ? 0 : n;
    for (int i = serial + DIGITS - 1; i >= serial && rest > 0; i--) {
      copy[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    return copy;
  }
}
