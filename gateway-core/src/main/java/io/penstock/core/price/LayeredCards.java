package io.penstock.core.price;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The cards of one model: layered, those with the fewest conditions first, of which a later one
 * overrides an earlier one meter by meter (the catalogue's rules); then what its provider changes
 * by tier or region. Immutable.
 */
record LayeredCards(Catalogue.Vendor vendor, Catalogue.Entry entry) {
  /**
   * Returns the rates of all meters in USD that hold at a time, in a region, in a service tier.
   *
   * @param context input tokens
   */
  Map<Meter, BigDecimal> rates(long epochMillis, String where, String tier, long context) {
    ZonedDateTime at = Instant.ofEpochMilli(epochMillis).atZone(ZoneOffset.UTC);
    List<Catalogue.Card> holding = new ArrayList<>();
    for (Catalogue.Card card : entry.cards()) {
      if (card.when().holds(at, where, tier, context)) {
        holding.add(card);
      }
    }
    holding.sort(
        Comparator.<Catalogue.Card>comparingInt(card -> card.when().specificity())
            .thenComparingLong(
                card -> card.when().contextOver() == null ? 0 : card.when().contextOver()));
    Map<Meter, BigDecimal> rates = new EnumMap<>(Meter.class);
    boolean tierCovered = false;
    boolean regionCovered = false;
    for (Catalogue.Card card : holding) {
      rates.putAll(card.rates());
      tierCovered |= card.when().tier() != null;
      regionCovered |= !card.when().regions().isEmpty();
    }
    for (Catalogue.Modifier modifier : vendor.modifiers()) {
      boolean byTier = modifier.when().tier() != null;
      boolean covered = byTier ? tierCovered : regionCovered;
      if (!covered
          && modifier.appliesTo(entry.id())
          && modifier.when().holds(at, where, tier, context)) {
        rates.replaceAll((meter, rate) -> modified(modifier, meter, rate));
      }
    }
    return rates;
  }

  private static BigDecimal modified(Catalogue.Modifier modifier, Meter meter, BigDecimal rate) {
    boolean applies = meter.isTokens() && !modifier.except().contains(meter);
    return applies ? rate.multiply(modifier.factor()) : rate;
  }
}
