package io.penstock.server.targets;

import io.penstock.core.price.Meter;
import io.penstock.core.price.PricedModel;
import java.math.BigDecimal;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a target costs, as lists of models show it: what is paid, in standard conditions, with the
 * list price beside it where a discount holds. Stateless.
 */
public final class PriceTags {
  /** Also where there is no price, so that one sees that there is none. */
  private static final List<Meter> SHOWN = List.of(Meter.INPUT, Meter.CACHE_READ, Meter.OUTPUT);

  private PriceTags() {}

  /**
   * Tells each price by its name, in USD as plain decimals: of the usual tokens for a million, of
   * what is no token (a request, a search, an image) for one.
   *
   * @param epochMillis when
   * @param to takes null where there is no price
   */
  public static void each(
      PricedModel price, long epochMillis, BiConsumer<String, @Nullable String> to) {
    for (Meter meter : SHOWN) {
      String name = meter.label() + "_usd_per_million";
      boolean priced = price.isPriced();
      to.accept(name, priced ? plain(price.paidRate(meter, epochMillis)) : null);
      if (priced && price.discountBasisPoints() > 0) {
        to.accept("list_" + name, plain(price.rate(meter, epochMillis)));
      }
    }
    if (price.isPriced()) {
      fees(price, epochMillis, to);
    }
  }

  private static void fees(
      PricedModel price, long epochMillis, BiConsumer<String, @Nullable String> to) {
    for (Meter meter : Meter.values()) {
      BigDecimal one = meter.isTokens() ? null : price.paidForOne(meter, epochMillis);
      if (one != null && one.signum() > 0) {
        to.accept(meter.label() + "_usd", one.toPlainString());
      }
    }
  }

  private static @Nullable String plain(@Nullable BigDecimal rate) {
    return rate == null ? null : rate.toPlainString();
  }
}
