package io.penstock.providers;

import io.penstock.core.price.Usage;

/** How much of what an answer used its provider has told. What is not told is counted. */
public enum Told {
  /** Not all of the output: nothing, what it was half-way, or no output beside words or calls. */
  PART,
  /** The output, and not what was read for it. */
  OUTPUT,
  /** All that it bills. */
  ALL;

  /** Returns all, or a part. */
  public static Told whole(boolean whole) {
    return whole ? ALL : PART;
  }

  /**
   * Returns what the usage of a conversation's answer tells that has come to its end. No model
   * reads nothing, and none writes something with no token.
   *
   * @param latest whether nothing was written behind the output that it tells
   * @param wrote whether the answer has words or calls
   */
  public static Told of(Usage usage, boolean latest, boolean wrote) {
    if (usage.isEmpty() || wrote && !(latest && usage.outputTokens() > 0)) {
      return PART;
    }
    return usage.inputTokens() > 0 ? ALL : OUTPUT;
  }
}
