package io.penstock.providers.translate;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * An event of which only one text changes from piece to piece: the bytes before and after it are
 * made once per stream, since most events of a stream are such. Immutable.
 */
final class TextEvent {
  /** Stands in the tree where the text goes. */
  static final String HOLE = "\uE000text\uE000";

  private final byte[] before;
  private final byte[] after;

  /**
   * Creates the event.
   *
   * @param tree holds {@link #HOLE} as one value
   */
  TextEvent(ObjectNode tree) {
    String json = Trees.string(tree);
    int hole = json.indexOf(HOLE);
    if (hole < 0) {
      throw new IllegalArgumentException("no hole in " + json);
    }
    this.before = json.substring(0, hole).getBytes(StandardCharsets.UTF_8);
    this.after = json.substring(hole + HOLE.length()).getBytes(StandardCharsets.UTF_8);
  }

  void write(String text, ByteBuf to) {
    to.writeBytes(before);
    to.writeBytes(JsonStringEncoder.getInstance().quoteAsUTF8(text));
    to.writeBytes(after);
  }

  /** Returns the event with that text as a tree. */
  ObjectNode tree(String text) {
    String quoted = new String(JsonStringEncoder.getInstance().quoteAsString(text));
    return Trees.answer(
        new String(before, StandardCharsets.UTF_8)
            + quoted
            + new String(after, StandardCharsets.UTF_8));
  }
}
