package io.penstock.providers.dialect;

import java.util.BitSet;

/**
 * Which choices of a streamed answer have begun and which are finished. Told key by key, because an
 * element may say its index last. Confined to one thread.
 */
final class Choices {
  /** More than anybody offers; what is above shares its place. */
  private static final int MOST = 127;

  private final BitSet begun = new BitSet();
  private final BitSet finished = new BitSet();
  private int element = -1;
  private int index;
  private boolean ends;

  /** A key of an element was met; {@code element} tells it from the others of its chunk. */
  void in(int which) {
    if (which != element) {
      chunkRead();
      element = which;
    }
  }

  /** The element says which choice it belongs to; one that does not is of the first. */
  void index(long said) {
    index = Math.clamp(said, 0, MOST);
  }

  /** The element says why its choice stopped. */
  void ends() {
    ends = true;
  }

  /** No element of this chunk follows. */
  void chunkRead() {
    if (element >= 0) {
      begun.set(index);
      if (ends) {
        finished.set(index);
      }
    }
    element = -1;
    index = 0;
    ends = false;
  }

  /** The prompt was refused: there is no answer but that, and what came before it. */
  void refused() {
    begun.set(0);
    finished.or(begun);
  }

  /** Returns whether as many choices have begun as were asked for. */
  boolean isEach(long asked) {
    return begun.cardinality() >= Math.min(asked, MOST + 1);
  }

  /** Returns whether some choice has begun. */
  boolean hasBegun() {
    return !begun.isEmpty();
  }

  /** Returns whether some choice has begun, and each that has is finished. */
  boolean isWhole() {
    return !finished.isEmpty() && begun.equals(finished);
  }
}
