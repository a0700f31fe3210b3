package io.penstock.core.route;

import io.penstock.core.FailureKind;

/** How long a target or key is left alone when the provider says that it is used up. */
final class Cooldown {
  private static final long MILLI = 1_000_000L;
  private static final long LONGEST_MILLIS = 600_000;

  private Cooldown() {}

  static long nanos(FailureKind kind, long retryAfterMillis) {
    long unsaid =
        switch (kind) {
          case QUOTA, CREDENTIALS -> 60_000;
          default -> 1_000;
        };
    long millis = retryAfterMillis >= 0 ? retryAfterMillis : unsaid;
    return Math.min(millis, LONGEST_MILLIS) * MILLI;
  }
}
