package io.penstock.server.call.accounting;

import io.penstock.core.price.PricedModel;
import io.penstock.core.price.Usage;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.Waste;
import io.penstock.server.call.CachePart;
import io.penstock.server.call.Call;
import io.penstock.server.call.EmbeddingBatch;
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
   * were asked for and called, and no more of it than is left of what was really paid, for the
   * provider may have answered with a dearer one. Where routing has changed nothing, whatever
   * answered is not its doing; nor are the passes of others: they count alike on both sides.
   *
   * @param called what was called
   * @param asked what the client asked for; null: nothing is claimed
   * @param used as the provider reported it, but for a loss: an estimate proves no saving. Each of
   *     the two is valued in the units in which it bills that
   */
  static LedgerRow.Money claim(
      LedgerRow.Money paid,
      TargetRuntime called,
      @Nullable PricedModel asked,
      Usage used,
      Waste waste,
      long at) {
    if (asked == null) {
      return paid;
    }
    if (isLoss(waste)) {
      return money(paid, 0, 0, paid.cost());
    }
    Usage own = used.withoutPasses();
    Usage usage = asked.billed(own, at);
    if (waste != Waste.NONE || asked.unpriced(usage, at) != null) {
      return paid;
    }
    long would = asked.costNanos(usage, at);
    PricedModel price = called.price();
    long meant = would - price.costNanos(price.billed(own, at), at);
    if (meant == 0) {
      return money(paid, paid.cost(), 0, 0);
    }
    long baseline = would + PassPrices.of(called, used, at).cost();
    long less = baseline - paid.cost();
    long saved = Math.max(0, Math.min(meant, less));
    return money(paid, baseline, saved, Math.max(0, -less));
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

  /**
   * Returns what the inputs of a call would have cost on a target that were stored, so that nobody
   * asked it for them; nano-USD, 0 for none.
   *
   * @param at epoch milliseconds
   */
  static long stored(Call call, TargetRuntime called, long at) {
    CachePart part = call.cache();
    EmbeddingBatch batch = part == null ? null : part.batch();
    return batch == null ? 0 : batch.savedNanos(called, at);
  }

  private static LedgerRow.Money money(
      LedgerRow.Money paid, long baseline, long saved, long premium) {
    return new LedgerRow.Money(
        paid.cost(), paid.list(), baseline, saved, premium, paid.priceVersion());
  }
}
