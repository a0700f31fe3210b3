package io.penstock.server.call;

import io.penstock.budget.CounterKey;
import io.penstock.ledger.Charge;
import io.penstock.ledger.Counter;
import java.util.ArrayList;
import java.util.List;

/** Charges of the budgets as the ledger keeps them. The two modules do not know each other. */
public final class Charges {
  private Charges() {}

  /** Returns the ledger's form of a charge list. */
  static List<Charge> toLedger(List<io.penstock.budget.Charge> charges) {
    if (charges.isEmpty()) {
      return List.of();
    }
    List<Charge> list = new ArrayList<>(charges.size());
    for (io.penstock.budget.Charge charge : charges) {
      list.add(toLedger(charge));
    }
    return list;
  }

  /** Returns the ledger's form of one charge. */
  public static Charge toLedger(io.penstock.budget.Charge charge) {
    return new Charge(counter(charge.counter()), charge.owner(), charge.amount());
  }

  private static Counter counter(CounterKey key) {
    return new Counter(
        key.id(), key.budget(), key.override(), key.subject(), key.windowStart(), key.windowEnd());
  }

  /** Returns the budgets' form of a counter. */
  public static CounterKey key(Counter counter) {
    return CounterKey.of(
        counter.id(),
        counter.budget(),
        counter.override(),
        counter.subject(),
        counter.windowStart(),
        counter.windowEnd());
  }
}
