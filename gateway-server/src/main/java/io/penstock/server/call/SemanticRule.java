package io.penstock.server.call;

import io.penstock.cache.CacheScope;
import io.penstock.cache.semantic.SemanticCache;
import io.penstock.core.rule.Condition;
import io.penstock.server.targets.TargetRuntime;
import org.jspecify.annotations.Nullable;

/**
 * One rule of the semantic layer.
 *
 * @param when which calls it is for
 * @param embedder what makes the vectors
 * @param storeIf which answers are kept
 * @param record what its checks have shown; outlives a reload that leaves the terms as they are
 */
public record SemanticRule(
    Terms terms, Condition when, Condition storeIf, Embedder embedder, HitRecord record) {
  /** The configured name of the embedder in this process. */
  public static final String BUILTIN = "builtin";

  /**
   * What makes the vectors of questions.
   *
   * @param space changes with whatever changes its vectors: those of two spaces are never compared
   * @param provided whether a provider makes them
   * @param target where to ask then; null when that provider cannot be used
   */
  public record Embedder(String space, boolean provided, @Nullable TargetRuntime target) {
    /** The model of this process. */
    public static final Embedder OF_THIS_PROCESS = new Embedder(BUILTIN, false, null);
  }

  /**
   * What the configuration says.
   *
   * @param name where it stands, for metrics
   * @param ttlMillis how old an answer may be
   * @param scope within whose calls it may be served again
   * @param embedder {@link #BUILTIN} or {@code provider/model}
   * @param bound {@code max_false_hits} or {@code threshold}, as written
   * @param verify share of hits that are checked upstream
   * @param serve false: measured only
   */
  public record Terms(
      String name,
      String condition,
      long ttlMillis,
      CacheScope.Kind scope,
      String embedder,
      String bound,
      double verify,
      boolean serve) {}

  public SemanticCache.Policy policy() {
    return new SemanticCache.Policy(record.gate().threshold(), terms.ttlMillis);
  }
}
