package io.penstock.providers.dialect;

import io.penstock.providers.ByteSearch;
import io.penstock.providers.SseData;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Walks over the keys of a JSON text, at any depth, without parsing it: strings are skipped, so a
 * key named inside a text is never taken for one. It says how deep a key stands and what it stands
 * under: a name that means something in one place may be a client's or a model's own in another.
 * Feeding it something other than JSON finds no or wrong keys, but never fails. Confined to one
 * thread; reused for every event.
 */
final class JsonKeys {
  private static final long MOST = Long.MAX_VALUE / 100;

  private byte[] json = new byte[0];
  private int at;
  private int end;
  private int keyStart;
  private int keyEnd;
  private int value;
  private int depth;
  private int topStart;
  private int topEnd;
  private int element;

  /** Starts at the given range, which holds one value. */
  void reset(byte[] json, int from, int to) {
    this.json = json;
    this.at = from;
    this.end = to;
    this.depth = 0;
    this.topStart = from;
    this.topEnd = from;
    this.element = from;
  }

  /** Moves to the next key; returns false when there is none. */
  boolean next() {
    for (at = quote(at); at < end; at = quote(at)) {
      int start = at + 1;
      at = stringEnd(at);
      int colon = skipSpace(at);
      if (colon < end && json[colon] == ':') {
        keyStart = start;
        keyEnd = at - 1;
        value = skipSpace(colon + 1);
        at = value;
        if (depth == 1) {
          topStart = keyStart;
          topEnd = keyEnd;
        }
        return true;
      }
    }
    return false;
  }

  /** Returns where the next string opens, and counts the brackets before it. */
  private int quote(int from) {
    byte[] bytes = json;
    int to = end;
    int open = depth;
    int i = from;
    for (; i < to && bytes[i] != '"'; i++) {
      // The square ones differ from the curly ones by this bit.
      int curly = bytes[i] | 0x20;
      if (curly == '{') {
        if (++open == 3) {
          element = i;
        }
      } else if (curly == '}') {
        open--;
      }
    }
    depth = open;
    return i;
  }

  /**
   * Returns in how many objects and arrays the key stands: those of the outermost object have 1.
   */
  int depth() {
    return depth;
  }

  /**
   * Returns whether all that was opened has been closed, once there is no other key: a value that
   * was cut is not.
   */
  boolean isClosed() {
    return depth == 0;
  }

  /** Returns whether the key is, or stands anywhere under, this key of the outermost object. */
  boolean under(String top) {
    return SseData.is(json, topStart, topEnd, top);
  }

  /** For keys under an array of objects: returns which of them it is, as a number of its own. */
  int element() {
    return element;
  }

  /** Returns the length of the key in bytes. */
  int keyLength() {
    return keyEnd - keyStart;
  }

  /** Returns whether the key is this ASCII text. */
  boolean is(String key) {
    return SseData.is(json, keyStart, keyEnd, key);
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

  /** Returns a whole number, 0 when it begins with no digit; what is longer is cut, yet large. */
  long number() {
    long number = 0;
    for (int i = value; i < end && json[i] >= '0' && json[i] <= '9' && number < MOST; i++) {
      number = number * 10 + json[i] - '0';
    }
    return number;
  }

  /** Goes on behind the value instead of into it; returns where that is. */
  int skipValue() {
    at = valueEnd();
    return at;
  }

  /** Goes on behind the string value, the inside of which is added to a text. */
  void relay(RelayedText text) {
    int start = value + 1;
    text.add(json, start, skipValue() - 1);
  }

  /** Goes on behind the object or array, which is added to a text with quotes that fit there. */
  void relayNested(RelayedText text) {
    int start = value;
    byte[] inside = Arrays.copyOfRange(json, start, skipValue());
    for (int i = 0; i < inside.length; i++) {
      if (inside[i] == '\\') {
        i++;
      } else if (inside[i] == '"') {
        inside[i] = '\'';
      } else if (inside[i] >= 0 && inside[i] < ' ') {
        inside[i] = ' ';
      }
    }
    text.add(inside, 0, inside.length);
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
