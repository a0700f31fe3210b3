package io.penstock.cache.semantic;

import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheKey;
import io.penstock.cache.CacheKeys;
import io.penstock.cache.ExactCache;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One look-up: proposals of the index, nearest first, until one passes. Confined to a thread of the
 * pool. Each text is embedded at most once by each model.
 */
final class Search {
  private static final int NEIGHBOURS = 4;

  private final ExactCache store;
  private final Partitions index;
  private final Models.Loaded models;
  private final Asked asked;
  private final SemanticCache.Policy policy;
  private final long nowMillis;
  private float @Nullable [] second;
  private SemanticCache.@Nullable Candidate best;

  Search(
      ExactCache store,
      Partitions index,
      Models.Loaded models,
      Asked asked,
      SemanticCache.Policy policy,
      long nowMillis) {
    this.store = store;
    this.index = index;
    this.models = models;
    this.asked = asked;
    this.policy = policy;
    this.nowMillis = nowMillis;
  }

  SemanticCache.Outcome run() {
    for (FlatIndex.Neighbour near : index.nearest(asked.space(), asked.indexed(), NEIGHBOURS)) {
      SemanticCache.Hit hit = consider(near);
      if (hit != null) {
        return hit;
      }
    }
    return new SemanticCache.Miss(best == null ? "none" : "unsure", asked, best);
  }

  private SemanticCache.@Nullable Hit consider(FlatIndex.Neighbour near) {
    if (asked.isBuiltin() && near.similarity() < Judge.LEAST_SIMILARITY) {
      return null;
    }
    CacheEntry entry = read(near.key());
    Stored stored = entry == null ? null : Stored.decode(entry.body());
    if (entry == null || stored == null || !isOfPartition(near.key(), stored)) {
      return null;
    }
    double similarity =
        asked.isBuiltin()
            ? near.similarity()
            : Vectors.dot(asked.first(), FlatIndex.restore(stored.first().bytes()));
    Verifier.Verdict verdict =
        models
            .judge()
            .judge(
                stored.text(),
                asked.question().text(),
                day(entry.life().createdMillis()) == day(nowMillis),
                similarity,
                () -> Vectors.dot(second(), FlatIndex.restore(stored.second().bytes())));
    if (verdict.veto() != null) {
      return null;
    }
    SemanticCache.Candidate candidate =
        new SemanticCache.Candidate(answer(entry, stored), similarity, verdict.score());
    if (verdict.score() >= policy.threshold()) {
      return new SemanticCache.Hit(candidate, index.isSuspect(near.key()), asked);
    }
    if (best == null || verdict.score() > best.score()) {
      best = candidate;
    }
    return null;
  }

  /** The index only proposes: what was stored must itself be of the partition that is searched. */
  private boolean isOfPartition(CacheKey key, Stored stored) {
    return CacheKeys.child(asked.question().partition(), stored.text()).equals(key);
  }

  /** Reads the entry itself; one that is known to be gone leaves the index. */
  private @Nullable CacheEntry read(CacheKey key) {
    SemanticKeys.Question question = asked.question();
    CacheEntry here = store.local(key, question.scope(), policy.ttlMillis());
    if (here != null) {
      return here;
    }
    ExactCache.Lookup found =
        store.shared(key, question.scope(), policy.ttlMillis()).toCompletableFuture().join();
    if (found.entry() == null && store.isCertain(found)) {
      index.remove(asked.space(), key);
    }
    return found.entry();
  }

  private float[] second() {
    float[] vector = second;
    if (vector == null) {
      vector = models.second().embed(asked.question().text());
      second = vector;
    }
    return vector;
  }

  private static CacheEntry answer(CacheEntry entry, Stored stored) {
    return new CacheEntry(
        entry.identity(), entry.origin(), entry.paid(), entry.life(), stored.answer().bytes());
  }

  private static long day(long epochMillis) {
    return Math.floorDiv(epochMillis, TimeUnit.DAYS.toMillis(1));
  }
}
