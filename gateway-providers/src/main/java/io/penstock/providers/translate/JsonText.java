package io.penstock.providers.translate;

import io.penstock.providers.ByteSearch;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The inside of JSON strings, read and written without a parser. */
final class JsonText {
  private JsonText() {}

  /**
   * Returns the text that the inside of a JSON string says; null when it is not well-formed. Bytes
   * that are not UTF-8 are replaced, as everywhere in a provider's stream.
   */
  static @Nullable String read(byte[] json, int from, int to) {
    for (int i = from; i < to; i++) {
      if (json[i] >= 0 && json[i] < ' ') {
        return null;
      }
    }
    int at = ByteSearch.either(json, from, to, '\\', '\\');
    if (at == to) {
      return new String(json, from, to - from, StandardCharsets.UTF_8);
    }
    StringBuilder text = new StringBuilder(to - from);
    int start = from;
    while (at < to) {
      text.append(new String(json, start, at - start, StandardCharsets.UTF_8));
      int next = escape(json, at, to, text);
      if (next < 0) {
        return null;
      }
      start = next;
      at = ByteSearch.either(json, start, to, '\\', '\\');
    }
    return text.append(new String(json, start, to - start, StandardCharsets.UTF_8)).toString();
  }

  /** Appends what the escape means and returns the offset behind it; -1 when it means nothing. */
  private static int escape(byte[] json, int at, int to, StringBuilder text) {
    if (at + 1 >= to) {
      return -1;
    }
    char escaped =
        switch (json[at + 1]) {
          case '"' -> '"';
          case '\\' -> '\\';
          case '/' -> '/';
          case 'b' -> '\b';
          case 'f' -> '\f';
          case 'n' -> '\n';
          case 'r' -> '\r';
          case 't' -> '\t';
          default -> 0;
        };
    if (escaped != 0) {
      text.append(escaped);
      return at + 2;
    }
    int code = json[at + 1] == 'u' && at + 6 <= to ? hex(json, at + 2) : -1;
    if (code < 0) {
      return -1;
    }
    text.append((char) code);
    return at + 6;
  }

  private static int hex(byte[] json, int at) {
    int code = 0;
    for (int i = at; i < at + 4; i++) {
      int digit = Character.digit(json[i], 16);
      if (digit < 0) {
        return -1;
      }
      code = code << 4 | digit;
    }
    return code;
  }
}
