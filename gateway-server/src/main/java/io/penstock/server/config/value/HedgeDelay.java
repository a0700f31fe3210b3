package io.penstock.server.config.value;

import java.time.Duration;

/** When a second attempt starts: after a percentile of the usual first-token time, or a time. */
public sealed interface HedgeDelay {
  /**
   * Written {@code p95}.
   *
   * @param percent 1 to 99
   */
  record Percentile(int percent) implements HedgeDelay {
    @Override
    public String toString() {
      return "p" + percent;
    }
  }

  /** Written as a duration. */
  record Fixed(Duration delay) implements HedgeDelay {
    @Override
    public String toString() {
      return Values.format(delay);
    }
  }
}
