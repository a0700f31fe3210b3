package io.penstock.core.route;

import org.jspecify.annotations.Nullable;

/**
 * Complexity by rules: each feature adds a saturating amount, the sum goes through a logistic
 * curve. Weights are few and round on purpose; calibrating on one's own traffic is the remedy where
 * they do not fit.
 */
enum ShippedRouter implements Router {
  INSTANCE;

  /** Prompts of about this many characters are in the middle. */
  private static final double MIDDLE_LENGTH = 600;

  @Override
  public double score(PromptFeatures features, float @Nullable [] embedding) {
    double length = logistic(features.get("log_length") - Math.log(MIDDLE_LENGTH));
    double sum =
        length
            + 0.30 * saturating(features.get("negations"), 1.5)
            + 0.15 * saturating(features.get("commas"), 6)
            + 0.10 * saturating(features.get("conditions"), 3)
            + 0.10 * saturating(features.get("comparisons"), 4)
            + 0.20 * saturating(features.get("reasoning"), 1)
            + 0.15 * saturating(features.get("code"), 6)
            + 0.05 * saturating(features.get("operators"), 4)
            + 0.10 * saturating(Math.max(0, features.get("questions") - 1), 2)
            + 0.10 * saturating(features.get("tools"), 4);
    return logistic(5 * (sum - 0.7));
  }

  @Override
  public int embeddingLength() {
    return 0;
  }

  @Override
  public String id() {
    return "shipped";
  }

  /**
   * An even spread of scores is assumed where there is no traffic to learn from; {@code penstock
   * calibrate} replaces it.
   */
  @Override
  public double thresholdOfShare(double share) {
    return 1 - share;
  }

  private static double saturating(double count, double half) {
    return count / (count + half);
  }

  static double logistic(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
