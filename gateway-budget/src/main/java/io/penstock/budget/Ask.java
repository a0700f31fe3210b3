package io.penstock.budget;

/**
 * What an attempt wants to hold.
 *
 * @param nanos the bound of its cost, nano-USD, at least 0
 * @param tokens the bound of input plus output, at least 0: held on budgets of tokens
 * @param likelyTokens the estimate of input plus output, at least 0: taken of token rates, which
 *     are corrected by what was used
 * @param redirectedBy the budget that sent this request to another model; "" when none did
 * @param purpose "" for a client's call; else why the gateway makes it itself. Such a call is
 *     charged to budgets without {@code per} and to those of its purpose
 */
public record Ask(long nanos, long tokens, long likelyTokens, String redirectedBy, String purpose) {
  /** The largest bound of one attempt: 100 million USD, so that no sum leaves 64 bits. */
  public static final long MOST = 100_000_000_000_000_000L;

  public Ask {
    if (nanos < 0 || tokens < 0 || likelyTokens < 0 || nanos > MOST || tokens > MOST) {
      throw new IllegalArgumentException(
          "bound: %d nano-USD, %d tokens, likely %d (expected: 0 to %d)"
              .formatted(nanos, tokens, likelyTokens, MOST));
    }
  }

  /** Creates what nobody has an estimate of: the bound is taken of rates too. */
  public Ask(long nanos, long tokens, String redirectedBy, String purpose) {
    this(nanos, tokens, tokens, redirectedBy, purpose);
  }

  /** Creates what a client's call asks for. */
  public static Ask of(long nanos, long tokens) {
    return new Ask(nanos, tokens, "", "");
  }

  /** Returns what an attempt under way wants more: rates hear of it when it is settled. */
  static Ask more(long nanos, long tokens, String redirectedBy) {
    return new Ask(nanos, tokens, 0, redirectedBy, "");
  }
}
