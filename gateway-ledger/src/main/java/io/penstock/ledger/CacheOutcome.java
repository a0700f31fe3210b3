package io.penstock.ledger;

/** What the gateway's own cache did for a request. */
public enum CacheOutcome {
  /** Not asked: no rule matched, or the client or the key said no. */
  OFF,
  MISS,
  EXACT,
  SEMANTIC,
  /** Kept for its ordinal; nothing writes it: who joined a call in flight is {@link #EXACT}. */
  JOINED,
  /** The stored answer of the same Idempotency-Key. */
  REPLAYED,
  /** Some inputs of a batch of embeddings were stored; the call was made for the others. */
  PARTIAL;

  /** Returns whether the answer came without a call of its own. */
  public boolean isHit() {
    return this != OFF && this != MISS && this != PARTIAL;
  }

  /** Returns whether what the row saved is the cache's. */
  public boolean saves() {
    return isHit() || this == PARTIAL;
  }
}
