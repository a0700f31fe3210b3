package io.penstock.providers;

import io.penstock.core.body.BodyMemory;

/**
 * The memory that the text of one stream may be kept in: some KiB, of which what is over {@link
 * #FREE} is asked for, or all of it where somebody reads it. Confined to one thread.
 */
public final class TextRoom {
  /** Bytes that every stream may keep. */
  public static final int FREE = 4 * 1024;

  /** Bytes that a stream keeps at most where tokens may have to be counted by them. */
  public static final int MOST = 16 * 1024;

  /** Bytes kept at most of a text that is read. */
  public static final int MOST_WHOLE = 2 * 1024 * 1024;

  private static final int LEAST = 1024;
  private static final int STEP = 64 * 1024;

  private final BodyMemory memory;
  private int most = MOST;
  private int taken;

  /** Creates it with nothing taken. */
  public TextRoom(BodyMemory memory) {
    this.memory = memory;
  }

  /** All of the text will be read, as far as {@link #MOST_WHOLE} and the memory go. */
  public void whole() {
    most = MOST_WHOLE;
  }

  /**
   * Returns how many bytes may be kept from now on: at least so many, or as many as there is room
   * for.
   *
   * @param has bytes that may be kept now, what this has returned last; 0 at first
   */
  public int grow(int has, int needed) {
    int size = has;
    while (size < needed && size < most) {
      int next = size < MOST ? Math.max(LEAST, size * 2) : Math.min(size + STEP, most);
      int more = next - Math.max(size, FREE);
      if (more > 0) {
        if (!memory.take(more)) {
          // Nor later: of a text with a gap nobody could tell what is missing.
          most = size;
          return size;
        }
        taken += more;
      }
      size = next;
    }
    return size;
  }

  /** Gives back what was taken; nothing more is kept. Safe to call again. */
  public void close() {
    most = 0;
    memory.give(taken);
    taken = 0;
  }
}
