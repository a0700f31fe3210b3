package io.penstock.providers.dialect;

import com.fasterxml.jackson.core.JsonParser;
import io.netty.util.internal.EmptyArrays;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Text relayed so far, gathered as the escaped bytes of JSON strings and decoded only when somebody
 * asks, which is only when the usage was lost. Of more text than a model writes the beginning.
 */
final class RelayedText {
  private static final int MOST_KEPT = 1024 * 1024;

  private byte[] escaped = EmptyArrays.EMPTY_BYTES;
  private int length;
  private int kept;

  /** Adds the inside of a JSON string. */
  void add(byte[] json, int from, int to) {
    int more = to - from;
    if (more <= 0) {
      return;
    }
    int fits = Math.min(more, MOST_KEPT - kept);
    if (kept + fits > escaped.length) {
      escaped = Arrays.copyOf(escaped, Math.clamp((kept + fits) * 2L, 1024, MOST_KEPT));
    }
    System.arraycopy(json, from, escaped, kept, fits);
    kept += fits;
    length += more;
  }

  /** Returns the bytes relayed, escapes included. */
  int length() {
    return length;
  }

  boolean isEmpty() {
    return length == 0;
  }

  @Override
  public String toString() {
    byte[] quoted = new byte[kept + 2];
    quoted[0] = '"';
    System.arraycopy(escaped, 0, quoted, 1, kept);
    quoted[kept + 1] = '"';
    try (JsonParser parser = JsonTrees.parser(quoted, 0, quoted.length)) {
      parser.nextToken();
      return parser.getText();
    } catch (IOException e) {
      // A provider's broken escape: for counting tokens the raw text does as well.
      return new String(escaped, 0, kept, StandardCharsets.UTF_8);
    }
  }
}
