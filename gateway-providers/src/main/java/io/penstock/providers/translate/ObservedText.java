package io.penstock.providers.translate;

import io.netty.buffer.ByteBufUtil;
import io.penstock.core.body.BodyMemory;
import io.penstock.providers.ClippedText;
import io.penstock.providers.TextRoom;

/**
 * Text that was told, for when its tokens have to be counted or somebody judges it; of more than
 * there is room for the beginning. Confined to one thread.
 */
final class ObservedText {
  /** What a character takes where one of them is not of Latin-1. */
  private static final int BYTES = 2;

  private final TextRoom room;
  private StringBuilder beginning = new StringBuilder(0);
  private int size;
  private long bytes;
  private long chars;

  ObservedText() {
    this(BodyMemory.HEAP);
  }

  /** Creates an empty one that keeps its text in that memory. */
  ObservedText(BodyMemory memory) {
    this.room = new TextRoom(memory);
  }

  void keepWhole() {
    room.whole();
  }

  void add(String words) {
    // Behind what is missing nothing is kept.
    if (beginning.length() == chars) {
      keep(words);
    }
    bytes += ByteBufUtil.utf8Bytes(words);
    chars += words.length();
  }

  private void keep(String words) {
    int needed = (beginning.length() + words.length()) * BYTES;
    if (needed > size) {
      int now = room.grow(size, needed);
      if (now > size) {
        size = now;
        beginning = new StringBuilder(size / BYTES).append(beginning);
      }
    }
    beginning.append(words, 0, Math.min(words.length(), size / BYTES - beginning.length()));
  }

  /** Returns its length in UTF-8. */
  long bytes() {
    return bytes;
  }

  /** Returns the characters that its memory has room for. */
  int retained() {
    return beginning.capacity();
  }

  CharSequence text() {
    String kept = beginning.toString();
    return kept.length() == chars ? kept : new ClippedText(kept, kept.length(), chars);
  }

  /** Nothing more is kept; what there is can still be read. */
  void close() {
    room.close();
  }
}
