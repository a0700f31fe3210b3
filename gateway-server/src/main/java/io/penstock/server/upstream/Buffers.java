package io.penstock.server.upstream;

import org.jspecify.annotations.Nullable;

/** That there is no memory outside the heap left for what is read or written. Stateless. */
final class Buffers {
  /** What is told of it. */
  static final String WORDS = "it is out of memory for what is read and written";

  private Buffers() {}

  /** Returns whether that was thrown for want of memory; TLS and decoders wrap it. */
  static boolean areLacking(@Nullable Throwable thrown) {
    return Causes.has(thrown, OutOfMemoryError.class::isInstance);
  }
}
