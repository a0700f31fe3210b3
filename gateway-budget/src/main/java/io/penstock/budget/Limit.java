package io.penstock.budget;

import io.penstock.core.price.NanoUsd;

/**
 * How much a budget allows.
 *
 * @param amount nano-USD or tokens; 0 allows only what costs nothing
 * @param unit what is counted
 */
public record Limit(long amount, Unit unit) {
  /** What a counter counts. */
  public enum Unit {
    NANO_USD,
    /** Input, cached too, plus output. */
    TOKENS,
    /** Calls in flight; never charged, never in the ledger. */
    PERMITS
  }

  /** The largest limit of any unit: the largest amount of money that configuration accepts. */
  public static final long MAX = NanoUsd.MAX;

  /** Creates a limit of money. */
  public static Limit usd(long nanos) {
    return new Limit(nanos, Unit.NANO_USD);
  }

  /** Creates a limit of tokens. */
  public static Limit tokens(long tokens) {
    return new Limit(tokens, Unit.TOKENS);
  }

  /** Returns an amount in this limit's unit, as messages show it. */
  public String show(long amount) {
    return switch (unit) {
      case NANO_USD -> NanoUsd.format(amount) + " USD";
      case TOKENS -> amount + " tokens";
      case PERMITS -> amount + " calls";
    };
  }
}
