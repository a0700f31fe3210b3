package io.penstock.core.route;

import org.jspecify.annotations.Nullable;

/** Scores prompts by their need for a strong model. Immutable, thread-safe, deterministic. */
public interface Router {
  /**
   * Returns the need for a strong model, 0..1.
   *
   * @param embedding the prompt's embedding, or null when none was made; used only by a router that
   *     {@link #usesEmbedding()}
   */
  double score(PromptFeatures features, float @Nullable [] embedding);

  /**
   * Returns the length of the embedding that the score is made with; 0: none is. Without it the
   * rules alone judge.
   */
  int embeddingLength();

  /** Returns whether an embedding makes the score better, so that the caller makes one. */
  default boolean usesEmbedding() {
    return embeddingLength() > 0;
  }

  /** Returns what tells it from other routers: the same file, the same id. */
  String id();

  /** Returns the score above which that share of prompts lies, for {@code strong: 20%}. */
  double thresholdOfShare(double share);

  /** Returns the router that needs no training. */
  static Router shipped() {
    return ShippedRouter.INSTANCE;
  }
}
