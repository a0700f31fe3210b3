package io.penstock.server.call;

import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheMode;
import io.penstock.ledger.CacheOutcome;
import org.jspecify.annotations.Nullable;

/**
 * What the layers of the cache know of one call; made when the first of them has business with it,
 * so that a call without has none. Confined to the call's loop.
 */
public final class CachePart {
  private CacheMode mode = CacheMode.USE;
  private @Nullable CacheLook look;
  private CacheOutcome outcome = CacheOutcome.OFF;
  private @Nullable CacheEntry answer;
  private @Nullable CacheAsk toStore;
  private @Nullable FlightLead lead;
  private @Nullable EmbeddingBatch batch;
  private @Nullable SemanticAsk semantic;

  /** Returns what the client wants of the cache. */
  CacheMode mode() {
    return mode;
  }

  public void mode(CacheMode wanted) {
    mode = wanted;
  }

  /** Returns what the exact layer looks for; null when it has no business with the call. */
  public @Nullable CacheLook look() {
    return look;
  }

  public void look(CacheLook at) {
    look = at;
  }

  /** Returns what the cache did for the call. */
  CacheOutcome outcome() {
    return outcome;
  }

  /** Returns the stored answer of the call, or null. */
  public @Nullable CacheEntry answer() {
    return answer;
  }

  /** Some layer has the answer. */
  public void hit(CacheEntry entry, CacheOutcome by) {
    answer = entry;
    outcome = by;
  }

  /** A layer was asked and has no answer. */
  public void missed() {
    outcome = CacheOutcome.MISS;
  }

  /** Returns with what the call's answer may be stored; null when it may not. */
  public @Nullable CacheAsk toStore() {
    return toStore;
  }

  public void toStore(CacheAsk ask) {
    toStore = ask;
  }

  /** Returns those for whom the call goes upstream too; null when it goes for itself alone. */
  public @Nullable FlightLead lead() {
    return lead;
  }

  public void lead(FlightLead of) {
    lead = of;
  }

  /**
   * The caller's own budget changes what is asked: another model, or a shorter answer. Those who
   * wait did not ask for that; one of them asks for itself and the others.
   */
  public void asksForItself() {
    if (lead != null) {
      lead.over();
    }
  }

  /** Returns what the cache knows of a request for embeddings; null for any other call. */
  public @Nullable EmbeddingBatch batch() {
    return batch;
  }

  public void batch(EmbeddingBatch of, CacheLook at, @Nullable CacheAsk ask) {
    batch = of;
    look = at;
    toStore = ask;
  }

  /** Returns what the semantic layer found; null when it was not asked. */
  public @Nullable SemanticAsk semantic() {
    return semantic;
  }

  public void semantic(SemanticAsk ask) {
    semantic = ask;
  }

  /** Returns whether somebody else has a use for the call's answer. */
  public boolean wantsAnswer() {
    return toStore != null || semantic != null || lead != null;
  }
}
