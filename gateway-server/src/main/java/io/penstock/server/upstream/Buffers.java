package io.penstock.server.upstream;

import org.jspecify.annotations.Nullable;

/** That there is no memory outside the heap left for what is read or written. Stateless. */
final class Buffers {
  /** What is told of it. */
  static final String WORDS = "it is out of memory for what is read and written";

  private static final int MOST_CAUSES = 10;

  private Buffers() {}

  /** Returns whether that was thrown for want of memory; TLS and decoders wrap it. */
  static boolean areLacking(@Nullable Throwable thrown) {
    Throwable at = thrown;
    for (int i = 0; at != null && i < MOST_CAUSES; i++) {
      if (at instanceof OutOfMemoryError) {
        return true;
      }
      at = at.getCause();
    }
    return false;
  }
}
