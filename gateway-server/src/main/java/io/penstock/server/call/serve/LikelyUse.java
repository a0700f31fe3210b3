package io.penstock.server.call.serve;

import io.penstock.server.call.Call;
import io.penstock.server.call.InputEstimate;
import io.penstock.server.call.accounting.OutputCap;
import io.penstock.server.targets.TargetRuntime;

/**
 * What an attempt will likely use, which is what token rates are taken at before it is made; what
 * it did use corrects that. Stateless.
 */
public final class LikelyUse {
  /** Output tokens of an answer of which nothing is known. */
  static final long USUAL_OUTPUT = 500;

  private LikelyUse() {}

  /**
   * Returns input and output tokens; 0 when no rate counts them.
   *
   * @param most output tokens that the attempt may write, all answers together
   */
  static long tokens(Call call, Engine engine, TargetRuntime target, long most) {
    if (!engine.budgets().countsTokenRates()) {
      return 0;
    }
    long learned = engine.routing().health().expectedOutput(target.label());
    long usual = learned > 0 ? learned : USUAL_OUTPUT * OutputCap.answers(call, target);
    return InputEstimate.likely(call) + Math.min(most, usual);
  }

  /**
   * Returns the same of a call that the gateway makes itself.
   *
   * @param bytes of its body
   * @param most tokens that it may use
   */
  public static long tokens(int bytes, long most) {
    return Math.min(most, InputEstimate.likely(bytes) + USUAL_OUTPUT);
  }
}
