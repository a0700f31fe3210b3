package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.InvalidValue;
import io.penstock.server.config.value.Share;
import io.penstock.server.config.value.Values;
import java.time.Duration;

/** How a failed call is tried again on the same target. */
public record RetriesConfig(
    @Setting(value = "Attempts after the first.", rule = Rule.ATTEMPTS) @Default("2") int attempts,
    @Setting(value = "The mean of the first pause; it doubles.", positive = true) @Default("200ms")
        Duration backoff,
    @Setting(value = "The longest pause.", positive = true) @Default("5s") Duration maxBackoff,
    @Setting(value = "Retries as a share of this provider's traffic.", rule = Rule.PART)
        @Default("10%")
        Share budget) {

  /** Checks the pauses. */
  public RetriesConfig {
    if (maxBackoff.compareTo(backoff) < 0) {
      throw new InvalidValue(
          "max_backoff", Values.format(maxBackoff), "at least backoff, " + Values.format(backoff));
    }
  }
}
