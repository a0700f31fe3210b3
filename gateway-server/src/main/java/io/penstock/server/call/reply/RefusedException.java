package io.penstock.server.call.reply;

import io.penstock.budget.Verdict;

/** A filter found that a budget or rate does not allow the call. Carries no stack trace. */
public final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Verdict verdict;

  /**
   * Creates it.
   *
   * @param verdict no grant, and not pending
   */
  public RefusedException(Verdict verdict) {
    super(BudgetRefusals.rule(verdict), null, false, false);
    this.verdict = verdict;
  }

  public Verdict verdict() {
    return verdict;
  }
}
