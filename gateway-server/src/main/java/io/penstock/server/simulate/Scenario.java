package io.penstock.server.simulate;

import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;

/**
 * How what the record does not tell is taken: as cheap as it may be, as it probably is, as dear as
 * it may be. Everything is replayed once for each; figures that differ are intervals.
 */
enum Scenario {
  LEAST(0.8, 0.5),
  LIKELY(1, 1),
  MOST(1.35, 2);

  /** Tokens of one text by two tokenisers (docs/simulate.md). */
  private final double otherTokeniser;

  /** Output of two models for one prompt. */
  private final double otherModel;

  Scenario(double otherTokeniser, double otherModel) {
    this.otherTokeniser = otherTokeniser;
    this.otherModel = otherModel;
  }

  /**
   * Returns what another model would have read and written.
   *
   * @param recorded of the model that answered
   * @param sameProvider whether both count tokens alike
   * @param cap output tokens at most, or -1
   */
  Usage elsewhere(Usage recorded, boolean sameProvider, long cap) {
    double in = sameProvider ? 1 : otherTokeniser;
    long cached = Math.round(recorded.of(Meter.CACHE_READ) * in);
    long input = Math.round(recorded.inputTokens() * in);
    long output = Math.round(recorded.outputTokens() * otherModel);
    // A cache that was warm there may be warm here, or not.
    long warm = this == MOST ? 0 : Math.min(cached, input);
    return Usage.builder()
        .set(Meter.INPUT, input - warm)
        .set(Meter.CACHE_READ, warm)
        .set(Meter.OUTPUT, cap >= 0 ? Math.min(output, cap) : output)
        .build();
  }

  /** Returns the hold's share of input tokens where the request's bytes are not known. */
  long inputBound(long tokens) {
    return switch (this) {
      // More is held, so more is refused and less is spent.
      case LEAST -> tokens * 6 + 64;
      case LIKELY -> tokens * 4 + 64;
      case MOST -> tokens;
    };
  }

  /** Returns the output cap of a request that is not known to have sent one. */
  long outputBound(long written, long modelLimit) {
    return this == MOST ? Math.min(Math.max(1, written), modelLimit) : modelLimit;
  }

  /** Returns the need for a strong model of a prompt that nobody kept. */
  double complexity() {
    return switch (this) {
      case LEAST -> 0;
      case LIKELY -> 0.5;
      case MOST -> 1;
    };
  }
}
