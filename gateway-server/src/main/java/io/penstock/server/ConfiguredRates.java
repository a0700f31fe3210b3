package io.penstock.server;

import io.penstock.core.price.Meter;
import io.penstock.core.price.PriceBook;
import io.penstock.core.price.PricedModel;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.focus.FocusRates;
import io.penstock.server.config.Config;
import io.penstock.server.config.ProviderConfig;
import io.penstock.server.snapshot.Prices;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The unit prices of rows that the configuration's price book explains: those that it billed, and
 * those of another version that come to the same costs, to the nano, because what changed was
 * something else or is dated. Any other row has none, so that no export states a price that was not
 * charged; its cost is an adjustment. Confined to one thread.
 */
final class ConfiguredRates implements FocusRates {
  private final Config config;
  private final PriceBook prices;
  private final Map<String, PricedModel> targets = new HashMap<>();

  ConfiguredRates(Config config, PriceBook prices) {
    this.config = config;
    this.prices = prices;
  }

  @Override
  public @Nullable Rate of(LedgerRow row, Meter meter) {
    String provider = row.destination().provider();
    String model = row.destination().model();
    ProviderConfig from = config.providers().get(provider);
    if (from == null) {
      return null;
    }
    PricedModel asked =
        targets.computeIfAbsent(
            provider + "/" + model, label -> Prices.target(prices, provider, from, model));
    PricedModel price = asked.answeredBy(row.usage().model(), provider);
    if (price != asked && !explains(price, row)) {
      // A row of before answers were billed by the name that they bear.
      price = asked;
    }
    if (!row.money().priceVersion().equals(prices.version()) && !explains(price, row)) {
      return null;
    }
    for (PricedModel.Line line : price.lines(row.usage(), row.times().reservedAt())) {
      if (line.meter() == meter) {
        BigDecimal kept = BigDecimal.valueOf(10_000 - price.discountBasisPoints(), 4);
        return new Rate(
            line.rate(),
            line.rate().multiply(kept),
            line.per(),
            price.contextTier(row.usage().inputTokens()),
            price.hours(row.usage(), row.times().reservedAt()));
      }
    }
    return null;
  }

  private static boolean explains(PricedModel price, LedgerRow row) {
    long at = row.times().reservedAt();
    return price.costNanos(row.usage(), at) == row.money().cost()
        && price.listNanos(row.usage(), at) == row.money().list();
  }
}
