package io.penstock.core.body;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A parser over bytes that makes a long text of ASCII letters straight from them: the parser's own
 * way takes five times its length. Everything else is the parser's, which reads over such a text
 * and so checks it. Confined to one thread.
 */
public final class LongTexts extends JsonParserDelegate {
  /** The texts from which on it is worth it, without their quotes. Bytes. */
  private static final int LONG = 32 * 1024;

  private static final String PLAIN = "\"\\/bfnrt";
  private static final String MEANT = "\"\\/\b\f\n\r\t";

  private final byte[] json;
  private final int most;
  private int cut;

  private LongTexts(JsonParser parser, byte[] json, int most) {
    super(parser);
    this.json = json;
    this.most = most;
  }

  /** Returns a parser that gives every text; the bytes are shared. */
  public static JsonParser over(JsonFactory factory, byte[] json) throws IOException {
    JsonParser parser = factory.createParser(json);
    return json.length < LONG ? parser : new LongTexts(parser, json, Integer.MAX_VALUE);
  }

  /** Returns a parser for who looks for words: a long text is "". */
  public static JsonParser leftOut(JsonFactory factory, byte[] json) throws IOException {
    JsonParser parser = factory.createParser(json);
    return json.length < LONG ? parser : new LongTexts(parser, json, 0);
  }

  /**
   * Returns a parser that gives no more of a long text than it begins with; its escapes are left as
   * they are.
   *
   * @param most bytes that are given; above 32 KiB
   */
  public static LongTexts beginnings(JsonFactory factory, byte[] json, int most)
      throws IOException {
    return new LongTexts(factory.createParser(json), json, most);
  }

  /** Returns the bytes that the last text was cut by. */
  public int cut() {
    return cut;
  }

  @Override
  public String getText() throws IOException {
    cut = 0;
    if (json.length > LONG && delegate.currentToken() == JsonToken.VALUE_STRING) {
      int start = (int) delegate.currentTokenLocation().getByteOffset();
      int end = start < 0 ? -1 : end(json, start);
      if (end - start > LONG) {
        String text = longText(start + 1, end);
        if (text != null) {
          return text;
        }
      }
    }
    return delegate.getText();
  }

  @Override
  public String getValueAsString() throws IOException {
    return delegate.currentToken() == JsonToken.VALUE_STRING
        ? getText()
        : delegate.getValueAsString();
  }

  /**
   * Returns the offset of the quote that closes a string, or -1 when there is none.
   *
   * @param start the offset of the quote that opens it
   */
  static int end(byte[] json, int start) {
    if (start >= json.length || json[start] != '"') {
      return -1;
    }
    for (int at = start + 1; at < json.length; at++) {
      if (json[at] == '"') {
        return at;
      }
      if (json[at] == '\\') {
        at++;
      }
    }
    return -1;
  }

  private @Nullable String longText(int from, int to) {
    int length = to - from;
    if (length <= most) {
      return text(from, to);
    }
    cut = length - most;
    return new String(json, from, most, StandardCharsets.UTF_8);
  }

  /** Returns the text; null when it is for the parser to read. */
  private @Nullable String text(int from, int to) {
    int escapes = 0;
    for (int at = from; at < to; at++) {
      if (json[at] < 0) {
        return null;
      }
      if (json[at] == '\\') {
        if (PLAIN.indexOf(json[++at]) < 0) {
          return null;
        }
        escapes++;
      }
    }
    if (escapes == 0) {
      return new String(json, from, to - from, StandardCharsets.ISO_8859_1);
    }
    byte[] resolved = new byte[to - from - escapes];
    int length = 0;
    for (int at = from; at < to; at++) {
      byte letter = json[at];
      resolved[length++] = letter == '\\' ? (byte) MEANT.charAt(PLAIN.indexOf(json[++at])) : letter;
    }
    return new String(resolved, StandardCharsets.ISO_8859_1);
  }
}
