package io.penstock.cache.semantic;

import java.io.IOException;
import java.util.function.DoubleSupplier;

/**
 * The gates that look at two texts. The one place where it is decided, for requests and for {@code
 * penstock score} alike. Thread-safe.
 */
final class Judge {
  /** Less alike than this is not worth a look. */
  static final double LEAST_SIMILARITY = 0.35;

  private final Verifier verifier;

  Judge(Verifier verifier) {
    this.verifier = verifier;
  }

  static Judge load(WordPiece words) throws IOException {
    return new Judge(Verifier.load(words));
  }

  /**
   * Judges whether the answer to {@code cached} is right for {@code asked}.
   *
   * @param sameDay whether both were asked on one UTC day
   * @param similarity by the first embedder
   * @param second asks the second embedder, only if it matters
   */
  Verifier.Verdict judge(
      String cached, String asked, boolean sameDay, double similarity, DoubleSupplier second) {
    if (!sameDay && (BypassText.isDated(cached) || BypassText.isDated(asked))) {
      return Verifier.Verdict.vetoed("asked on another day");
    }
    Alignment pair = verifier.align(cached, asked);
    Verifier.Verdict early = verifier.beforeModel(cached, asked, pair);
    if (early != null) {
      return early;
    }
    return similarity < LEAST_SIMILARITY
        ? Verifier.Verdict.vetoed("not alike")
        : verifier.byModel(pair, similarity, second.getAsDouble());
  }
}
