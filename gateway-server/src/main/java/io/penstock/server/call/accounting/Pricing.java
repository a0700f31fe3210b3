package io.penstock.server.call.accounting;

import io.penstock.core.price.Meter;
import io.penstock.core.price.PricedModel;
import io.penstock.core.price.Usage;
import io.penstock.ledger.Intent;
import io.penstock.ledger.LedgerRow;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.targets.TargetRuntime;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/**
 * What usages cost on the targets that answered, and what of that the metrics have: what had no
 * rate, what went beyond its bound, what the providers' prompt caches brought. Thread-safe.
 */
public final class Pricing {
  private static final String PROMPT_CACHE = "prompt_cache";

  private final CallMetrics metrics;
  private final UnratedMeters unrated;

  Pricing(CallMetrics metrics) {
    this.metrics = metrics;
    this.unrated = new UnratedMeters(metrics);
  }

  /** Returns the price of what answered: the answer may name another model than was asked. */
  static PricedModel ofAnswer(TargetRuntime target, Usage usage) {
    return target.price().answeredBy(usage.model(), target.provider().name());
  }

  /** Returns what an answer of a target costs at that time, in epoch milliseconds; nano-USD. */
  public static long worth(TargetRuntime target, Usage used, long at) {
    PricedModel price = ofAnswer(target, used);
    Usage usage = price.billed(Fees.complete(target, used), at);
    return price.costNanos(usage.withoutPasses(), at) + PassPrices.of(target, usage, at).cost();
  }

  /**
   * Returns what a usage costs on a target; an estimate never costs more than its bound, or than
   * what the provider has told if that is more.
   *
   * @param told of an estimate, the part of it that the provider told; null when it told all
   */
  LedgerRow.Money money(TargetRuntime target, Usage used, Intent intent, @Nullable Usage told) {
    long at = intent.reservedAt();
    PricedModel price = ofAnswer(target, used);
    PassPrices passes = PassPrices.of(target, used, at);
    Usage usage = used.withoutPasses();
    if (told == null) {
      unrated.check(target, price, usage, at);
    }
    long list = price.listNanos(usage, at);
    long own = price.discountBasisPoints() == 0 ? list : price.costNanos(usage, at);
    long cost = own + passes.cost();
    list += passes.list();
    if (told != null && cost > intent.bound()) {
      long said = price.costNanos(price.billed(told.withoutPasses(), at), at);
      long most = Math.max(intent.bound(), said + PassPrices.of(target, told, at).cost());
      if (cost > most) {
        list = inProportion(list, most, cost);
        cost = most;
      }
    }
    long cached = usage.of(Meter.CACHE_READ);
    if (cached > 0) {
      Usage fresh = usage.toBuilder().set(Meter.CACHE_READ, 0).add(Meter.INPUT, cached).build();
      metrics.providerCache(Math.max(0, price.costNanos(fresh, at) - own));
    }
    return new LedgerRow.Money(cost, list, 0, 0, 0, intent.priceVersion());
  }

  /**
   * Returns what the price list has for a part of a cost, nano-USD: discounts stay what they are.
   */
  private static long inProportion(long list, long part, long cost) {
    return list == cost
        ? part
        : BigInteger.valueOf(list)
            .multiply(BigInteger.valueOf(part))
            .divide(BigInteger.valueOf(cost))
            .longValueExact();
  }

  /** Notes that an attempt has cost more than its bound: a debt of its budgets. */
  void beyondBound(TargetRuntime target, Intent intent, long cost) {
    if (cost > intent.bound()) {
      metrics.boundExceeded(target.provider().name(), target.shownModel(), cost - intent.bound());
    }
  }

  /**
   * Books what the gateway's own marks for the prompt cache saved and what they cost.
   *
   * @param team whose request it was
   * @param at when the attempt was reserved: its price is that of then, epoch milliseconds
   */
  void promptCache(String team, TargetRuntime target, Usage used, long at) {
    Usage usage = used.withoutPasses();
    PricedModel price = ofAnswer(target, usage);
    long read = usage.of(Meter.CACHE_READ);
    long written = usage.of(Meter.CACHE_WRITE);
    Usage unread = usage.toBuilder().set(Meter.CACHE_READ, 0).add(Meter.INPUT, read).build();
    Usage unwritten = usage.toBuilder().set(Meter.CACHE_WRITE, 0).add(Meter.INPUT, written).build();
    long paid = price.costNanos(usage, at);
    metrics.saved(PROMPT_CACHE, team, Math.max(0, price.costNanos(unread, at) - paid));
    metrics.premium(PROMPT_CACHE, team, Math.max(0, paid - price.costNanos(unwritten, at)));
  }
}
