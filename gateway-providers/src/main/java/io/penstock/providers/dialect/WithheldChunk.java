package io.penstock.providers.dialect;

import io.penstock.core.body.BodyMemory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A chunk of a Gemini stream that is held back, for it may be the last one: the cost is written
 * into that. One at a time, in memory that it takes and gives back. Confined to its event loop.
 */
final class WithheldChunk {
  private byte @Nullable [] object;
  private long taken;
  private int usageEnd;
  private boolean usageEmpty;

  /**
   * Holds a copy of a chunk, when none is held. A large one is held where there is memory for it;
   * else false is returned, and it goes without the cost.
   *
   * @param usageEnd where the last usage in it ends, -1 for none
   * @param usageEmpty whether that usage has no field
   */
  boolean hold(byte[] json, int from, int to, int usageEnd, boolean usageEmpty) {
    if (!isRoom(to - from)) {
      return false;
    }
    object = Arrays.copyOfRange(json, from, to);
    this.usageEnd = usageEnd < 0 ? -1 : usageEnd - from;
    this.usageEmpty = usageEmpty;
    return true;
  }

  private boolean isRoom(int length) {
    if (length <= BodyMemory.SMALL) {
      return true;
    }
    boolean room = BodyMemory.HEAP.take(length);
    taken = room ? length : 0;
    return room;
  }

  /**
   * Returns what is held, null for nothing, and holds it no more.
   *
   * @param penstock what to write into it, JSON; null for nothing
   */
  byte @Nullable [] take(@Nullable String penstock) {
    byte[] held = object;
    close();
    return held == null || penstock == null ? held : withPenstock(held, penstock);
  }

  private byte[] withPenstock(byte[] object, String penstock) {
    boolean inside = usageEnd > 0;
    int brace = (inside ? usageEnd : lastBrace(object) + 1) - 1;
    boolean comma = !inside || !usageEmpty;
    byte[] field =
        ((comma ? "," : "") + "\"penstock\":" + penstock).getBytes(StandardCharsets.UTF_8);
    byte[] out = new byte[object.length + field.length];
    System.arraycopy(object, 0, out, 0, brace);
    System.arraycopy(field, 0, out, brace, field.length);
    System.arraycopy(object, brace, out, brace + field.length, object.length - brace);
    return out;
  }

  private static int lastBrace(byte[] object) {
    int at = object.length - 1;
    while (at > 0 && object[at] != '}') {
      at--;
    }
    return at;
  }

  /** Holds nothing more. */
  void close() {
    object = null;
    BodyMemory.HEAP.give(taken);
    taken = 0;
  }
}
