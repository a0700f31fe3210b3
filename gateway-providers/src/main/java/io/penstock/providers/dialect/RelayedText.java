package io.penstock.providers.dialect;

import com.fasterxml.jackson.core.JsonParser;
import io.netty.util.internal.EmptyArrays;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Text relayed so far, gathered as the escaped bytes of JSON strings and decoded only when somebody
 * asks, which is only when the usage was lost.
 */
final class RelayedText {
  private byte[] escaped = EmptyArrays.EMPTY_BYTES;
  private int length;

  /** Adds the inside of a JSON string. */
  void add(byte[] json, int from, int to) {
    int more = to - from;
    if (more <= 0) {
      return;
    }
    if (length + more > escaped.length) {
      escaped = Arrays.copyOf(escaped, Math.max(1024, (length + more) * 2));
    }
    System.arraycopy(json, from, escaped, length, more);
    length += more;
  }

  /** Returns the bytes gathered, escapes included. */
  int length() {
    return length;
  }

  boolean isEmpty() {
    return length == 0;
  }

  @Override
  public String toString() {
    byte[] quoted = new byte[length + 2];
    quoted[0] = '"';
    System.arraycopy(escaped, 0, quoted, 1, length);
    quoted[length + 1] = '"';
    try (JsonParser parser = JsonTrees.parser(quoted, 0, quoted.length)) {
      parser.nextToken();
      return parser.getText();
    } catch (IOException e) {
      // A provider's broken escape: for counting tokens the raw text does as well.
      return new String(escaped, 0, length, StandardCharsets.UTF_8);
    }
  }
}
