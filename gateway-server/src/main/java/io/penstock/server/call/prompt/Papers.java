package io.penstock.server.call.prompt;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The PDF documents that a request carries in base64. Providers read each page as text and as an
 * image, so many small pages are more tokens than bytes. Stateless.
 */
public final class Papers {
  /** How base64 of {@code %PDF-} begins. */
  private static final byte[] BEGINNING = "JVBERi0".getBytes(StandardCharsets.US_ASCII);

  /**
   * A page that some program writes has an object of its own, contents and places in two tables:
   * hardly less than this, in base64.
   */
  private static final long LEAST_BYTES_PER_PAGE = 256;

  /** No provider reads more pages of a document. */
  private static final long MOST_PAGES = 1_000;

  private static final int[] SKIPS = new int[256];

  static {
    Arrays.fill(SKIPS, BEGINNING.length);
    for (int i = 0; i < BEGINNING.length - 1; i++) {
      SKIPS[BEGINNING[i]] = BEGINNING.length - 1 - i;
    }
  }

  private Papers() {}

  /** Returns the most pages of all documents in a JSON body. */
  public static long pages(byte[] body) {
    long pages = 0;
    int last = BEGINNING.length - 1;
    for (int at = last; at < body.length; at += SKIPS[body[at] & 0xff]) {
      int from = at - last;
      if (Arrays.equals(body, from, at + 1, BEGINNING, 0, BEGINNING.length)) {
        while (at < body.length && body[at] != '"') {
          at++;
        }
        pages += Math.min(MOST_PAGES, (at - from) / LEAST_BYTES_PER_PAGE + 1);
        if (at == body.length) {
          break;
        }
      }
    }
    return pages;
  }
}
