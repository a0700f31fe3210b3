package io.penstock.server.call.reply;

import io.penstock.budget.Verdict;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.server.call.Call;

/** What a budget or rate that says no looks like to the client. */
public final class BudgetRefusals {
  private BudgetRefusals() {}

  /** Returns the refusal; the verdict is no grant and not pending. */
  public static GatewayException of(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Denied denied ->
          new GatewayException(ErrorCode.BUDGET_EXCEEDED, sentence(denied.message()));
      case Verdict.RateLimited limited ->
          new GatewayException(
              ErrorCode.RATE_LIMITED,
              sentence(limited.message()),
              null,
              limited.retryAfterMillis());
      case Verdict.ConcurrencyLimited limited ->
          new GatewayException(
              ErrorCode.CONCURRENCY_LIMITED, sentence(limited.message()), null, 1000);
      case Verdict.Unavailable unavailable ->
          new GatewayException(
              ErrorCode.BUDGET_STORE_UNAVAILABLE,
              sentence("budgets cannot be checked now: " + unavailable.reason()),
              null,
              Math.max(1000, unavailable.retryAfterMillis()));
      case Verdict.Granted granted ->
          throw new IllegalArgumentException("not a refusal: " + granted);
      case Verdict.Pending pending ->
          throw new IllegalArgumentException("not a refusal: " + pending);
    };
  }

  /** Returns why an answer that has begun goes on no further. */
  public static GatewayException ofCut(Verdict verdict) {
    return verdict instanceof Verdict.Denied denied
        ? new GatewayException(ErrorCode.BUDGET_EXCEEDED, sentence(denied.cutMessage()))
        : of(verdict);
  }

  /** Shows the rate that refused in the headers of the refusal. */
  public static void note(Call call, Verdict verdict) {
    if (verdict instanceof Verdict.RateLimited limited) {
      call.refusedBy(limited.rate());
    }
  }

  /** Returns the name of what refused, for the ledger and metrics. */
  public static String rule(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Denied denied -> denied.counter().budget();
      case Verdict.RateLimited limited -> limited.rate().name();
      case Verdict.ConcurrencyLimited limited -> limited.counter().budget();
      default -> "";
    };
  }

  /** Returns whether another target may pass where this one was refused. */
  public static boolean isTargetBound(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Denied denied -> denied.targetBound();
      case Verdict.RateLimited limited -> limited.targetBound();
      case Verdict.ConcurrencyLimited limited -> limited.targetBound();
      default -> false;
    };
  }

  private static String sentence(String text) {
    return Character.toUpperCase(text.charAt(0)) + text.substring(1) + ".";
  }
}
