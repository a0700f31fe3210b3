package io.penstock.ledger;

/** Why an attempt was made, or why a row exists that no attempt made. */
public enum Cause {
  /** The first attempt of a request; also refusals, cache hits and single-flight followers. */
  REQUEST,
  /** The same target once more. */
  RETRY,
  /** The next target of the route; also the refusal after other attempts. */
  FALLBACK,
  /** Asked in parallel because the first answer was slow. */
  HEDGE,
  /** A stronger target, after a weaker answer was not accepted. */
  CASCADE,
  /** A budget that was used up sent the request to another model. */
  REDIRECT,
  /** Asked as well, compared, never served. */
  SHADOW,
  /** A cache hit that is checked against the provider. */
  VERIFY,
  /** Kept for its ordinal; nothing writes it: no model is asked to judge answers. */
  JUDGE,
  /** An embedding that the gateway needed. */
  EMBEDDING,
  /** The process died between intent and row: charged at its bound. */
  CRASH,
  /** A row that corrects, tops up or resets; see its rule for the reason. */
  CORRECTION,
  /** What a provider's invoice says more or less than the ledger. */
  RECONCILIATION;

  /** Returns whether the gateway made this call for itself: its cost is overhead. */
  public boolean isOverhead() {
    return switch (this) {
      case SHADOW, VERIFY, JUDGE, EMBEDDING -> true;
      default -> false;
    };
  }

  /** Returns whether that overhead is the cache's, not routing's. */
  public boolean isForCache() {
    return this == VERIFY || this == EMBEDDING;
  }
}
