package io.penstock.server.call.cache;

import io.penstock.cache.CacheMode;
import io.penstock.server.call.Call;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What the layers of the cache would do for a call that is not made. Counts nothing and pays
 * nothing: a provider's embedder is not asked. A shared store is.
 */
public final class CacheOutlook {
  static final String OFF = "off";
  static final String MISS = "miss";
  static final String PARTIAL = "partial";
  static final String HIT = "hit";
  static final String SEMANTIC = "semantic";

  private final CacheFilter exact;
  private final EmbeddingFilter embeddings;
  private final SemanticFilter semantic;

  public CacheOutlook(CacheFilter exact, EmbeddingFilter embeddings, SemanticFilter semantic) {
    this.exact = exact;
    this.embeddings = embeddings;
    this.semantic = semantic;
  }

  static CompletionStage<String> known(String word) {
    return CompletableFuture.completedStage(word);
  }

  public static boolean answers(String word) {
    return word.equals(HIT) || word.equals(SEMANTIC);
  }

  /** Returns the word of the first layer that has an answer, else of the first that looked. */
  public CompletionStage<String> of(Call call) {
    return then(then(exact.says(call), () -> embeddings.says(call)), () -> semantic.says(call));
  }

  /** Returns why layers that have a rule for the call pass it by, by the layer's name. */
  public static Map<String, String> bypassed(Call call) {
    Map<String, String> reasons = new LinkedHashMap<>();
    if (call.cacheMode() != CacheMode.OFF) {
      note(reasons, CacheFilter.LAYER, CacheFilter.bypass(call));
      note(reasons, SemanticFilter.LAYER, SemanticFilter.bypass(call));
    }
    return reasons;
  }

  private static void note(Map<String, String> reasons, String layer, @Nullable String why) {
    if (why != null) {
      reasons.put(layer, why);
    }
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
