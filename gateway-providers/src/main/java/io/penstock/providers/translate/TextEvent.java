package io.penstock.providers.translate;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * An event of which only one text, and maybe a number before it, changes from piece to piece: what
 * stands around them is made once per stream, since most events of a stream are such. Confined to
 * one thread.
 */
final class TextEvent {
  /** Stands in the tree where the text goes. */
  static final String HOLE = "\uE000text\uE000";

  /** Stands in the tree where the number goes. */
  static final String NUMBER = "\uE000number\uE000";

  /**
   * A longer text is written in pieces of that: what it took would be kept as long as the stream.
   */
  private static final int MOST_KEPT = 16 * 1024;

  private static final String QUOTED_NUMBER = '"' + NUMBER + '"';

  /** Up to the number; empty where there is none. */
  private final byte[] lead;

  /** Between the number, or the beginning, and the text. */
  private final byte[] before;

  private final byte[] after;

  /** Holds {@link #before} and behind it the text that is being written. */
  private byte[] line;

  /**
   * Creates the event.
   *
   * @param tree holds {@link #HOLE} as one value, and maybe {@link #NUMBER} as an earlier one
   */
  TextEvent(ObjectNode tree) {
    String json = Trees.string(tree);
    int number = json.indexOf(QUOTED_NUMBER);
    int start = number < 0 ? 0 : number + QUOTED_NUMBER.length();
    int hole = json.indexOf(HOLE, start);
    if (hole < 0) {
      throw new IllegalArgumentException("no hole in " + json);
    }
    this.lead = utf8(json.substring(0, Math.max(0, number)));
    this.before = utf8(json.substring(start, hole));
    this.after = utf8(json.substring(hole + HOLE.length()));
    this.line = Arrays.copyOf(before, before.length + after.length + 64);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Writes the event; the number is left out where there is no place for it. */
  void write(long number, String text, ByteBuf to) {
    if (lead.length > 0) {
      to.writeBytes(lead);
      ByteBufUtil.writeAscii(to, Long.toString(number));
    }
    int length = text.length();
    if (length > MOST_KEPT) {
      writeLong(text, to);
      return;
    }
    int needed = before.length + length + after.length;
    if (line.length < needed) {
      line = Arrays.copyOf(line, needed * 2);
    }
    int at = before.length;
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c < ' ' || c >= 0x80 || c == '"' || c == '\\') {
        to.writeBytes(before);
        quote(text, to);
        to.writeBytes(after);
        return;
      }
      line[at++] = (byte) c;
    }
    System.arraycopy(after, 0, line, at, after.length);
    to.writeBytes(line, 0, needed);
  }

  private void writeLong(String text, ByteBuf to) {
    to.writeBytes(before);
    for (int from = 0; from < text.length(); ) {
      int end = Math.min(text.length(), from + MOST_KEPT);
      if (end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
        end--;
      }
      quote(text.substring(from, end), to);
      from = end;
    }
    to.writeBytes(after);
  }

  /**
   * Writes the inside of a JSON string. Half of a surrogate pair, whose other half comes with the
   * next event, is escaped: UTF-8 has no form for it.
   */
  private static void quote(String text, ByteBuf to) {
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (i + 1 < text.length() && Character.isSurrogatePair(c, text.charAt(i + 1))) {
        i++;
        continue;
      }
      to.writeBytes(JsonStringEncoder.getInstance().quoteAsUTF8(text.substring(from, i)));
      ByteBufUtil.writeAscii(to, "\\u" + Integer.toHexString(c));
      from = i + 1;
    }
    to.writeBytes(JsonStringEncoder.getInstance().quoteAsUTF8(text.substring(from)));
  }

  /** Returns the bytes that are kept for the next text. */
  int kept() {
    return line.length;
  }

  /** Returns the event with that number and text as a tree. */
  ObjectNode tree(long number, String text) {
    StringBuilder json = new StringBuilder();
    if (lead.length > 0) {
      json.append(new String(lead, StandardCharsets.UTF_8)).append(number);
    }
    return Trees.answer(
        json.append(new String(before, StandardCharsets.UTF_8))
            .append(JsonStringEncoder.getInstance().quoteAsString(text))
            .append(new String(after, StandardCharsets.UTF_8))
            .toString());
  }
}
