package io.penstock.providers.translate;

import io.netty.util.internal.EmptyArrays;
import io.penstock.providers.ByteSearch;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The shape of an event that told one piece of text and nothing else. An event of the same shape
 * differs from it by that text, and by padding or the usage so far, alone: its text is taken
 * without a JSON tree, which is most of what a translated stream would cost. The shape holds until
 * the next event that is read in full, so the reader's state is the same as it was for the event
 * that gave it. Confined to one thread.
 */
final class EventShape {
  /** Fields of random length against listeners; no reader looks at them. */
  private static final byte[][] PADDING = {ascii(",\"obfuscation\":\""), ascii(",\"p\":\"")};

  private String type = "";
  private boolean known;
  private Gap gap = Gap.NONE;
  private int usageStart;
  private int usageEnd;

  /** What else than the text changes, behind it. */
  private enum Gap {
    NONE,
    PADDING,
    USAGE
  }

  /** The event as far as the text's opening quote. */
  private byte[] before = EmptyArrays.EMPTY_BYTES;

  /**
   * From the text's closing quote to the padding's opening one or the usage's brace, or to the end.
   */
  private byte[] after = EmptyArrays.EMPTY_BYTES;

  /** From the padding's closing quote, or behind the usage, to the end. */
  private byte[] last = EmptyArrays.EMPTY_BYTES;

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** The state may have changed: the shape holds no more. */
  void forget() {
    known = false;
  }

  /**
   * Takes the shape of an event that was read in full.
   *
   * @param text the only piece it told
   * @param usageField the field that holds the usage so far, "" for none
   */
  void learn(String eventType, byte[] json, int from, int to, String text, String usageField) {
    known = false;
    usageEnd = 0;
    if (!isPlain(text)) {
      return;
    }
    byte[] quoted = ('"' + text + '"').getBytes(StandardCharsets.UTF_8);
    int at = valueAt(json, from, to, quoted);
    if (at < 0 || valueAt(json, at + 1, to, quoted) >= 0) {
      return;
    }
    known = true;
    type = eventType;
    before = Arrays.copyOfRange(json, from, at + 1);
    int rest = at + quoted.length - 1;
    int padding = padding(json, rest, to);
    int usage = padding >= 0 ? -1 : usage(json, rest, to, usageField);
    gap = padding >= 0 ? Gap.PADDING : usage >= 0 ? Gap.USAGE : Gap.NONE;
    int open = gap == Gap.NONE ? to : Math.max(padding, usage);
    after = Arrays.copyOfRange(json, rest, open);
    last = Arrays.copyOfRange(json, gapEnd(json, open, to), to);
  }

  /** Returns where the usage lies in the event that was learnt or matched last. */
  int usageStart() {
    return usageStart;
  }

  /** Returns where it ends; 0 when that event has none. */
  int usageEnd() {
    return usageEnd;
  }

  /** Returns where what changes ends; notes it when it is the usage. */
  private int gapEnd(byte[] json, int open, int to) {
    return switch (gap) {
      case NONE -> open;
      case PADDING -> ByteSearch.stringEnd(json, open, to) - 1;
      case USAGE -> {
        usageStart = open;
        usageEnd = ByteSearch.nestedEnd(json, open, to);
        yield usageEnd;
      }
    };
  }

  /** Returns where the object of that name opens, or -1. */
  private static int usage(byte[] json, int from, int to, String field) {
    byte[] name = ascii('"' + field + '"');
    for (int at = from; !field.isEmpty() && at + name.length < to; at++) {
      if (Arrays.equals(json, at, at + name.length, name, 0, name.length)) {
        int open = at + name.length;
        while (open < to && (json[open] == ':' || json[open] == ' ')) {
          open++;
        }
        return open < to && json[open] == '{' ? open : -1;
      }
    }
    return -1;
  }

  /**
   * Whether the text looks the same in every JSON and cannot be mistaken for JSON around it. Half
   * of a surrogate pair has no bytes to be looked for.
   */
  private static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean odd = c < 0x80 && !Character.isLetterOrDigit(c) && c != ' ';
      if (odd || Character.isSurrogate(c)) {
        return false;
      }
    }
    return !text.isEmpty();
  }

  /** Returns where the string stands as the value of a field, or -1. */
  private static int valueAt(byte[] json, int from, int to, byte[] quoted) {
    for (int at = from; at + quoted.length <= to; at++) {
      if (json[at] == '"'
          && Arrays.equals(json, at, at + quoted.length, quoted, 0, quoted.length)) {
        int colon = at - 1;
        while (colon > 0 && json[colon] == ' ') {
          colon--;
        }
        if (colon > 0 && json[colon] == ':') {
          return at;
        }
      }
    }
    return -1;
  }

  /** Returns where the inside of the padding begins, or -1. */
  private static int padding(byte[] json, int from, int to) {
    for (byte[] field : PADDING) {
      for (int at = from; at + field.length <= to; at++) {
        if (Arrays.equals(json, at, at + field.length, field, 0, field.length)) {
          return at + field.length;
        }
      }
    }
    return -1;
  }

  /** Returns the text of an event of this shape; null when it is of another and must be read. */
  @Nullable String match(String eventType, byte[] json, int from, int to) {
    int start = from + before.length;
    if (!known
        || to - start < after.length + last.length
        || !type.equals(eventType)
        || !Arrays.equals(json, from, start, before, 0, before.length)) {
      return null;
    }
    int end = ByteSearch.stringEnd(json, start, to) - 1;
    int rest = end + after.length;
    if (rest > to || !Arrays.equals(json, end, rest, after, 0, after.length)) {
      return null;
    }
    if (gap == Gap.USAGE && (rest == to || json[rest] != '{')) {
      return null;
    }
    int stop = gapEnd(json, rest, to);
    return Arrays.equals(json, stop, to, last, 0, last.length)
        ? JsonText.read(json, start, end)
        : null;
  }
}
