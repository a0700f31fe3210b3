package io.penstock.server.call.accounting;

import io.penstock.budget.Budgets;
import io.penstock.budget.CounterKey;
import io.penstock.budget.Limit;
import io.penstock.ledger.Charge;
import io.penstock.ledger.Counter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

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

  /**
   * Returns what tells the unit of a counter's charges, {@code nano_usd} or {@code tokens}; null
   * where no budget is what it was when they were made, for the ledger does not know it. Any
   * thread.
   */
  public static Function<Counter, @Nullable String> units(Budgets budgets) {
    return counter -> {
      Limit.Unit unit = budgets.unit(key(counter));
      return unit == null ? null : unit.name().toLowerCase(Locale.ROOT);
    };
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
