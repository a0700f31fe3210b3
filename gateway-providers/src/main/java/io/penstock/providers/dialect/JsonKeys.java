package io.penstock.providers.dialect;

import io.penstock.providers.ByteSearch;
import io.penstock.providers.SseData;
import java.nio.charset.StandardCharsets;

/**
 * Walks over the keys of a JSON text, at any depth, without parsing it: strings are skipped, so a
 * key named inside a text is never taken for one. Feeding it something other than JSON finds no or
 * wrong keys, but never fails. Confined to one thread; reused for every event.
 */
final class JsonKeys {
  private byte[] json = new byte[0];
  private int at;
  private int end;
  private int keyStart;
  private int keyEnd;
  private int value;

  /** Starts at the given range. */
  void reset(byte[] json, int from, int to) {
    this.json = json;
    this.at = from;
    this.end = to;
  }

  /** Moves to the next key; returns false when there is none. */
  boolean next() {
    while (at < end) {
      if (json[at] != '"') {
        at++;
        continue;
      }
      int start = at + 1;
      at = stringEnd(at);
      int colon = skipSpace(at);
      if (colon < end && json[colon] == ':') {
        keyStart = start;
        keyEnd = at - 1;
        value = skipSpace(colon + 1);
        at = value;
        return true;
      }
    }
    return false;
  }

  /** Returns the length of the key in bytes. */
  int keyLength() {
    return keyEnd - keyStart;
  }

  /** Returns whether the key is this ASCII text. */
  boolean is(String key) {
    int length = key.length();
    if (keyEnd - keyStart != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (json[keyStart + i] != key.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Returns the first byte of the value, or 0 when there is none. */
  byte first() {
    return value < end ? json[value] : 0;
  }

  /** Returns the offset at which the value begins. */
  int valueStart() {
    return value;
  }

  /** Returns the offset after the value, whatever it is. */
  int valueEnd() {
    return switch (first()) {
      case '"' -> stringEnd(value);
      case '{', '[' -> ByteSearch.nestedEnd(json, value, end);
      default -> scalarEnd();
    };
  }

  /** Returns whether the value is a string with at least one character. */
  boolean isText() {
    return first() == '"' && value + 1 < end && json[value + 1] != '"';
  }

  /** Returns whether the value is an array or object that holds something. */
  boolean isFilled() {
    byte first = first();
    if (first != '{' && first != '[') {
      return false;
    }
    int inside = skipSpace(value + 1);
    return inside < end && json[inside] != '}' && json[inside] != ']';
  }

  /** Returns a string value without escapes resolved: for identifiers and enumerations. */
  String identifier() {
    int stop = stringEnd(value) - 1;
    return stop <= value
        ? ""
        : new String(json, value + 1, stop - value - 1, StandardCharsets.UTF_8);
  }

  /** Does the same for a value that is often the last one again: then that one, made once. */
  String identifier(String last) {
    int from = value + 1;
    int to = from + last.length();
    boolean same = to < end && json[to] == '"' && SseData.is(json, from, to, last);
    return same && first() == '"' ? last : identifier();
  }

  /** Goes on behind the value instead of into it; returns where that is. */
  int skipValue() {
    at = valueEnd();
    return at;
  }

  private int scalarEnd() {
    int i = value;
    while (i < end && json[i] != ',' && json[i] != '}' && json[i] != ']') {
      i++;
    }
    return i;
  }

  /** Returns the offset after the string that opens at {@code quote}. */
  private int stringEnd(int quote) {
    return ByteSearch.stringEnd(json, quote + 1, end);
  }

  private int skipSpace(int from) {
    int i = from;
    while (i < end && (json[i] == ' ' || json[i] == '\n' || json[i] == '\r' || json[i] == '\t')) {
      i++;
    }
    return i;
  }
}
