package io.penstock.server.config.value;

import io.penstock.core.price.NanoUsd;

/** What a budget limits: money or tokens. */
public sealed interface Limit {
  /** Returns the limit in the unit that counters use: nano-USD or tokens. */
  long amount();

  /**
   * Money, written {@code 10 USD} or {@code $10}.
   *
   * @param nanos nano-USD
   */
  record Money(long nanos) implements Limit {
    @Override
    public long amount() {
      return nanos;
    }

    @Override
    public String toString() {
      return NanoUsd.format(nanos) + " USD";
    }
  }

  /**
   * Tokens, written {@code 2M tokens}: input, cached input too, plus output.
   *
   * @param count tokens
   */
  record Tokens(long count) implements Limit {
    @Override
    public long amount() {
      return count;
    }

    @Override
    public String toString() {
      return count + " tokens";
    }
  }

  /**
   * Reads an amount as the configuration has it.
   *
   * @throws IllegalArgumentException with what was expected
   */
  static Limit parse(String text) {
    return Values.limit(text);
  }
}
