package io.penstock.server.call.prompt;

import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.body.RequestBody;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How much text there is in a request, in UTF-8 as a model reads it: escapes are one character
 * each, and what is carried in base64 (sound, films, documents, images) is no text. Bytes.
 *
 * @param all names, numbers and punctuation too: schemas of tools are read as they stand
 * @param values of strings that are values, all together: surely part of what is read
 * @param longest of these
 */
public record InputText(long all, long values, long longest) {
  /** Shorter strings are taken for words even when base64 could look like them. */
  private static final int LEAST_MEDIA = 512;

  /** Within so many bytes an address that carries its data says so. */
  private static final int HEAD = 128;

  private static final Pattern CARRIED =
      Pattern.compile("data:[^,]*;base64,", Pattern.CASE_INSENSITIVE);

  private static final boolean[] BASE64 = new boolean[256];

  static {
    String letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=";
    letters.chars().forEach(letter -> BASE64[letter] = true);
  }

  /**
   * Returns the text of a request; files of a form are none.
   *
   * @param body null when what came is not read
   * @param came the bytes that came
   */
  public static InputText of(@Nullable RequestBody body, byte[] came) {
    if (body == null) {
      int length = came.length;
      return new InputText(length, length, length);
    }
    if (body.isForm()) {
      long text = body.bytes().length - files(body);
      return new InputText(text, text, text);
    }
    return of(body.bytes());
  }

  /** Returns the bytes of the files in a form. */
  public static long files(RequestBody form) {
    long files = 0;
    for (int i = 0; i < form.fieldCount(); i++) {
      if (form.token(i) == JsonToken.VALUE_EMBEDDED_OBJECT) {
        files += form.end(i) - form.start(i);
      }
    }
    return files;
  }

  /**
   * Returns the text of a JSON document.
   *
   * @param json well-formed
   */
  static InputText of(byte[] json) {
    Scan scan = new Scan(json);
    while (scan.at < json.length) {
      if (json[scan.at] == '"') {
        scan.string();
      } else {
        scan.all++;
        scan.at++;
      }
    }
    return new InputText(scan.all, scan.values, scan.longest);
  }

  /** One pass over the bytes; nothing is made of them. */
  private static final class Scan {
    private final byte[] json;
    private int at;
    private long all;
    private long values;
    private long longest;

    Scan(byte[] json) {
      this.json = json;
    }

    private void string() {
      int from = ++at;
      long decoded = 0;
      boolean foreign = false;
      while (at < json.length && json[at] != '"') {
        byte next = json[at];
        if (next == '\\' && at + 1 < json.length) {
          byte escaped = json[at + 1];
          boolean unicode = escaped == 'u' && at + 5 < json.length;
          foreign |= escaped != 'n' && escaped != 'r' && escaped != '/';
          decoded += unicode ? utf8Length(at + 2) : 1;
          at += unicode ? 6 : 2;
        } else {
          foreign |= !BASE64[next & 0xff];
          decoded++;
          at++;
        }
      }
      int to = at++;
      if (to - from >= LEAST_MEDIA && (!foreign || carriesData(from))) {
        return;
      }
      all += decoded + 2;
      if (!isName()) {
        values += decoded;
        longest = Math.max(longest, decoded);
      }
    }

    /** What four hexadecimal digits are; half of a pair is half of its four bytes. */
    private int utf8Length(int digits) {
      int high =
          Character.digit(json[digits], 16) << 8
              | Character.digit(json[digits + 1], 16) << 4
              | Character.digit(json[digits + 2], 16);
      if (high < 0x008) {
        return 1;
      }
      return high < 0x080 || high >= 0xd80 && high < 0xe00 ? 2 : 3;
    }

    private boolean carriesData(int from) {
      String head = new String(json, from, HEAD, StandardCharsets.ISO_8859_1);
      return CARRIED.matcher(head).lookingAt();
    }

    private boolean isName() {
      int next = at;
      while (next < json.length && json[next] <= ' ') {
        next++;
      }
      return next < json.length && json[next] == ':';
    }
  }
}
