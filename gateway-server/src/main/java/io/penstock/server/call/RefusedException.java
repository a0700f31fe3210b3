package io.penstock.server.call;

import io.penstock.budget.Verdict;

/** A filter found that a budget or rate does not allow the call. Carries no stack trace. */
final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Verdict verdict;

  /**
   * Creates it.
   *
   * @param verdict no grant, and not pending
   */
  RefusedException(Verdict verdict) {
    super(BudgetRefusals.rule(verdict), null, false, false);
    this.verdict = verdict;
  }

  Verdict verdict() {
    return verdict;
  }
}
