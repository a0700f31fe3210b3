package io.penstock.server.call.prompt;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Tells an image in base64 from other text, in place: what is copied of it is its first bytes.
 * Stateless.
 */
final class PictureText {
  private static final String DATA = "data:image/";
  private static final String BASE64 = ";base64,";

  /** The name of a type and its parameters are shorter. Characters. */
  private static final int MOST_HEAD = 128;

  /** Characters of base64 that hold how a file begins. */
  private static final int BEGINNING = 16;

  private static final boolean[] ALPHABET = new boolean[256];

  static {
    for (char letter : "+/-_=".toCharArray()) {
      ALPHABET[letter] = true;
    }
    for (char letter = '0'; letter <= 'z'; letter++) {
      ALPHABET[letter] |= letter < 128 && Character.isLetterOrDigit(letter);
    }
  }

  private PictureText() {}

  /**
   * Returns the bytes that a string of JSON takes, without its quotes, when it is an image in
   * base64 or the data URL of one; else 0.
   *
   * @param start the offset of its opening quote; below 0 when that is not known
   */
  static int length(byte[] json, int start) {
    if (start < 0) {
      return 0;
    }
    int from = start + 1;
    StringBuilder head = new StringBuilder(MOST_HEAD);
    int at = head(json, from, head, DATA.length());
    if (head.toString().equalsIgnoreCase(DATA)) {
      while (head.length() < MOST_HEAD && !endsInBase64(head)) {
        int next = head(json, at, head, head.length() + 1);
        if (next == at) {
          return 0;
        }
        at = next;
      }
      if (!endsInBase64(head)) {
        return 0;
      }
    } else {
      at = from;
    }
    StringBuilder beginning = new StringBuilder(BEGINNING);
    head(json, at, beginning, BEGINNING);
    int end = isImage(beginning) ? end(json, at) : -1;
    return end < 0 ? 0 : end - from;
  }

  private static boolean endsInBase64(StringBuilder head) {
    int from = head.length() - BASE64.length();
    return from >= 0 && head.substring(from).equalsIgnoreCase(BASE64);
  }

  /** Appends characters until there are that many, the string ends, or one is not plain. */
  private static int head(byte[] json, int from, StringBuilder to, int until) {
    int at = from;
    while (to.length() < until && at < json.length && json[at] != '"') {
      if (json[at] == '\\' && at + 1 < json.length && json[at + 1] == '/') {
        at++;
      } else if (json[at] == '\\' || json[at] < ' ') {
        return at;
      }
      to.append((char) json[at++]);
    }
    return at;
  }

  /** Returns the offset of the closing quote behind nothing but base64, else -1. */
  private static int end(byte[] json, int from) {
    for (int at = from; at < json.length; at++) {
      int letter = json[at] & 0xff;
      if (letter == '"') {
        return at;
      }
      boolean slash = letter == '\\' && at + 1 < json.length && json[at + 1] == '/';
      if (!ALPHABET[letter] && !slash) {
        return -1;
      }
    }
    return -1;
  }

  /** JPEG, PNG, GIF, WebP, BMP, and those in ISO's media files (HEIC, AVIF). */
  private static boolean isImage(CharSequence base64) {
    if (base64.length() < BEGINNING) {
      return false;
    }
    String file;
    try {
      // Google's SDKs write the alphabet for addresses.
      String plain = base64.toString().replace('-', '+').replace('_', '/');
      byte[] first = Base64.getDecoder().decode(plain);
      file = new String(first, StandardCharsets.ISO_8859_1);
    } catch (IllegalArgumentException e) {
      return false;
    }
    return file.startsWith("\u00ff\u00d8\u00ff")
        || file.startsWith("\u0089PNG\r\n\u001a\n")
        || file.startsWith("GIF8")
        || file.startsWith("BM")
        || file.startsWith("RIFF") && file.startsWith("WEBP", 8)
        || file.startsWith("ftyphe", 4)
        || file.startsWith("ftypmif", 4)
        || file.startsWith("ftypavif", 4);
  }
}
