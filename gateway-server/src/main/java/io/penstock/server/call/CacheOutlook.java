package io.penstock.server.call;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What the layers of the cache would do for a call that is not made. Counts nothing and pays
 * nothing: a provider's embedder is not asked. A shared store is.
 */
final class CacheOutlook {
  static final String OFF = "off";
  static final String MISS = "miss";
  static final String PARTIAL = "partial";
  static final String HIT = "hit";
  static final String SEMANTIC = "semantic";

  private final CacheFilter exact;
  private final EmbeddingFilter embeddings;
  private final SemanticFilter semantic;

  CacheOutlook(CacheFilter exact, EmbeddingFilter embeddings, SemanticFilter semantic) {
    this.exact = exact;
    this.embeddings = embeddings;
    this.semantic = semantic;
  }

  static CompletionStage<String> known(String word) {
    return CompletableFuture.completedStage(word);
  }

  static boolean answers(String word) {
    return word.equals(HIT) || word.equals(SEMANTIC);
  }

  /** Returns the word of the first layer that has an answer, else of the first that looked. */
  CompletionStage<String> of(Call call) {
    return then(then(exact.says(call), () -> embeddings.says(call)), () -> semantic.says(call));
  }

  private interface Layer {
    CompletionStage<String> says();
  }

  private static CompletionStage<String> then(CompletionStage<String> first, Layer next) {
    return first.thenCompose(word ->
        answers(word)
            ? known(word)
            : next.says().thenApply(other -> answers(other) || word.equals(OFF) ? other : word));
  }
}
