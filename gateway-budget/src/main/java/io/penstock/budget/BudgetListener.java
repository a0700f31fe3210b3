package io.penstock.budget;

/** Hears of thresholds. Called under a lock: hand it on, do not block, do not throw. */
public interface BudgetListener {
  /** Hears nothing. */
  BudgetListener NONE = alert -> {};

  /** Settled spend has passed a threshold. */
  void alert(BudgetAlert alert);
}
