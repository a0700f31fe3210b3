package io.penstock.server.call.admission;

import io.penstock.budget.Budgets;
import io.penstock.ledger.LedgerStats;
import io.penstock.server.call.Load;

/**
 * Whether calls sent here are served, as both ports tell whoever balances load. A replica that goes
 * on without the budgets' store, as {@code on_outage} says, is ready: all of them lose the store at
 * once, and a balancer would be left with none. Thread-safe.
 */
public final class Readiness {
  private final Load load;
  private final Budgets budgets;
  private final LedgerStats ledger;

  /** Creates the view on these three. */
  public Readiness(Load load, Budgets budgets, LedgerStats ledger) {
    this.load = load;
    this.budgets = budgets;
    this.ledger = ledger;
  }

  /** Returns whether calls are served. */
  public boolean isReady() {
    return whyNot().isEmpty();
  }

  /** Returns the body of {@code /readyz}. */
  public String text() {
    String why = whyNot();
    return why.isEmpty() ? "ok\n" : "not ready: " + why + "\n";
  }

  private String whyNot() {
    if (load.isDraining()) {
      return "draining";
    }
    if (ledger.full()) {
      return ledger.diskFull()
          ? "the disk of the ledger's journal is full"
          : "the ledger's journal is full";
    }
    return budgets.serves() ? "" : "the budgets' shared store cannot grant yet";
  }
}
