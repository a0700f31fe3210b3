package io.penstock.server.upstream;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What lies behind an exception: TLS, decoders and transports wrap what they met. Stateless. */
final class Causes {
  /** A chain may be a ring. */
  private static final int MOST = 10;

  private Causes() {}

  /** Returns whether it, or what caused it, is so. */
  static boolean has(@Nullable Throwable thrown, Predicate<Throwable> what) {
    Throwable at = thrown;
    for (int i = 0; at != null && i < MOST; i++) {
      if (what.test(at)) {
        return true;
      }
      at = at.getCause();
    }
    return false;
  }
}
