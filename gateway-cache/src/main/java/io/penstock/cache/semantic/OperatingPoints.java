package io.penstock.cache.semantic;

/**
 * Score thresholds by the share of hard wrong pairs that may pass. From scores that each source of
 * the training pairs got from models trained without it; see docs/cache.md. Between points the
 * stricter one holds.
 */
final class OperatingPoints {
  private static final double[] SHARES = {0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.10};
  private static final double[] SCORES = {0.9991, 0.9955, 0.9895, 0.9680, 0.9150, 0.8000, 0.4500};

  /** Above this nothing but the same wording passes. */
  static final double STRICTEST = 0.99995;

  private OperatingPoints() {}

  /** Returns the least score that may be served when at most this share may be wrong, 0..1. */
  static double threshold(double maxFalseHits) {
    double threshold = STRICTEST;
    for (int i = 0; i < SHARES.length; i++) {
      if (SHARES[i] <= maxFalseHits + 1e-12) {
        threshold = SCORES[i];
      }
    }
    return threshold;
  }
}
