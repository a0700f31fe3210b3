package io.penstock.server.call;

import io.penstock.ledger.Spend;
import io.penstock.ledger.SpendQuery;
import java.util.concurrent.CompletionStage;

/** Sums of the ledger. Thread-safe; reads on threads of its own, never on the caller's. */
@FunctionalInterface
public interface Spending {
  /** Returns the sums, with what was recorded until now. */
  CompletionStage<Spend> sum(SpendQuery query);
}
