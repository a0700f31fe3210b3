package io.penstock.cache.semantic;

import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheKey;
import io.penstock.cache.CacheKeys;
import io.penstock.cache.ExactCache;
import io.penstock.core.Endpoint;
import org.jspecify.annotations.Nullable;

/** A question that was looked up; holds what {@link SemanticCache#offer} needs. Immutable. */
public final class Asked {
  private final SemanticKeys.Question question;
  private final CacheKey key;
  private final ExactCache.Ticket ticket;
  private final float[] first;
  private final float @Nullable [] provided;
  private final CacheKey space;

  /**
   * Creates it.
   *
   * @param first the unit vector by the model in process
   * @param provided that of a provider's embedder when that makes the index, else null
   */
  Asked(
      SemanticKeys.Question question,
      CacheKey key,
      ExactCache.Ticket ticket,
      float[] first,
      float @Nullable [] provided) {
    this.question = question;
    this.key = key;
    this.ticket = ticket;
    this.first = first;
    this.provided = provided;
    this.space =
        provided == null
            ? question.partition()
            : CacheKeys.child(question.partition(), "dimensions " + provided.length);
  }

  /** Returns the question. */
  public SemanticKeys.Question question() {
    return question;
  }

  /** Returns what an answer to it is kept under. */
  public CacheEntry.Identity identity(Endpoint endpoint, String model) {
    return new CacheEntry.Identity(key, question.scope(), endpoint, model);
  }

  CacheKey key() {
    return key;
  }

  ExactCache.Ticket ticket() {
    return ticket;
  }

  boolean isBuiltin() {
    return provided == null;
  }

  /** Returns the vector by the model in process. */
  float[] first() {
    return first;
  }

  /** Returns the vector that the index goes by. */
  float[] indexed() {
    float[] vector = provided;
    return vector == null ? first : vector;
  }

  /**
   * Returns the index in which it is compared: the question's partition, which names the embedder;
   * of a provider's one also the number of dimensions, which nobody knows before it has answered.
   */
  CacheKey space() {
    return space;
  }
}
