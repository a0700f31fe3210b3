package io.penstock.server.call.accounting;

import io.penstock.core.price.PricedModel;
import io.penstock.core.price.Usage;
import io.penstock.server.targets.TargetRuntime;

/**
 * What the passes of other models cost that a provider made to answer (advisors, fallbacks): each
 * by its own model's price. One that the catalogue does not have is billed by the dearer of the
 * model that was asked and the one that answered, for nobody knows what it costs. Stateless.
 *
 * @param cost after discounts, nano-USD
 * @param list before discounts, nano-USD
 */
record PassPrices(long cost, long list) {
  private static final PassPrices NONE = new PassPrices(0, 0);

  /** Returns what all passes of a usage cost together, at that time in epoch milliseconds. */
  static PassPrices of(TargetRuntime target, Usage usage, long at) {
    PassPrices sum = NONE;
    for (Usage pass : usage.passes()) {
      sum = sum.plus(of(target, usage, pass, at));
    }
    return sum;
  }

  private static PassPrices of(TargetRuntime target, Usage usage, Usage pass, long at) {
    String model = pass.model();
    PricedModel own = model == null ? null : target.price().ofPass(model, target.provider().name());
    if (own != null) {
      return of(own, pass, at);
    }
    PassPrices asked = of(target.price(), pass, at);
    PassPrices answered = of(Pricing.ofAnswer(target, usage), pass, at);
    return new PassPrices(Math.max(asked.cost, answered.cost), Math.max(asked.list, answered.list));
  }

  private static PassPrices of(PricedModel price, Usage pass, long at) {
    return new PassPrices(price.costNanos(pass, at), price.listNanos(pass, at));
  }

  private PassPrices plus(PassPrices other) {
    return new PassPrices(cost + other.cost, list + other.list);
  }
}
