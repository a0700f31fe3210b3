package io.penstock.server.call.accounting;

import io.penstock.core.price.PricedModel;
import io.penstock.core.price.Usage;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.Waste;
import io.penstock.server.targets.TargetRuntime;
import org.jspecify.annotations.Nullable;

/**
 * What routing saved or lost on one attempt, for the same tokens, or what stored inputs saved.
 * Cached tokens count as cached on both sides: the provider's own cache is no saving of the
 * gateway's. Stateless.
 */
final class Savings {
  private Savings() {}

  /**
   * Returns the money of a row with what is claimed on it: the difference between the models that
   * were asked for and called. That the provider answered with yet another one is not the gateway's
   * doing, nor are the passes of others: they count alike on both sides.
   *
   * @param called what was called
   * @param baseline what the client asked for; null: nothing is claimed
   * @param used as the provider reported it, but for a loss: an estimate proves no saving. Each of
   *     the two is valued in the units in which it bills that
   */
  static LedgerRow.Money claim(
      LedgerRow.Money paid,
      TargetRuntime called,
      @Nullable PricedModel baseline,
      Usage used,
      Waste waste,
      long at) {
    if (baseline == null) {
      return paid;
    }
    if (isLoss(waste)) {
      return money(paid, 0, 0, paid.cost());
    }
    Usage own = used.withoutPasses();
    Usage usage = baseline.billed(own, at);
    if (waste != Waste.NONE || baseline.unpriced(usage, at) != null) {
      return paid;
    }
    long would = baseline.costNanos(usage, at);
    PricedModel price = called.price();
    long saved = would - price.costNanos(price.billed(own, at), at);
    long passes = PassPrices.of(called, used, at).cost();
    return money(paid, would + passes, Math.max(0, saved), Math.max(0, -saved));
  }

  /** Returns whether asking the named model once would not have paid for such an answer. */
  static boolean isLoss(Waste waste) {
    return waste == Waste.CASCADE || waste == Waste.HEDGE;
  }

  /**
   * Returns the money of a row of which the cache spared a part, and all that is claimed on it.
   *
   * @param spared what that part would have cost, nano-USD
   */
  static LedgerRow.Money stored(LedgerRow.Money paid, long spared) {
    return money(paid, paid.cost() + spared, spared, 0);
  }

  private static LedgerRow.Money money(
      LedgerRow.Money paid, long baseline, long saved, long premium) {
    return new LedgerRow.Money(
        paid.cost(), paid.list(), baseline, saved, premium, paid.priceVersion());
  }
}
