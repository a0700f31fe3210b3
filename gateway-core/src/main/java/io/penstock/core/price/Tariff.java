package io.penstock.core.price;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The rates of one model by the conditions that its price depends on: when, in which region and
 * service tier, and how long the context is. Immutable but for a {@link RateCache}; thread-safe.
 */
final class Tariff {
  private final LayeredCards cards;
  private final Map<Meter, Integer> per;
  private final String region;

  /** Input tokens beyond which the price is another, ascending. */
  private final long[] contextSteps;

  private final RateCache cache = new RateCache(this::find);

  /**
   * Creates it.
   *
   * @param per how many counts the rates of a meter are for
   * @param region where a usage is billed that names none itself; "" for none
   */
  Tariff(LayeredCards cards, Map<Meter, Integer> per, String region) {
    this.cards = cards;
    this.per = per;
    this.region = region;
    this.contextSteps =
        cards.entry().cards().stream()
            .map(card -> card.when().contextOver())
            .filter(Objects::nonNull)
            .mapToLong(Long::longValue)
            .sorted()
            .distinct()
            .toArray();
  }

  LayeredCards cards() {
    return cards;
  }

  /** Returns the rates in standard conditions: the configured region, no tier, a short context. */
  Rates standard(long epochMillis) {
    return cache.rates(epochMillis, region, Usage.STANDARD, 0);
  }

  /** Returns the rates at which a usage is billed. */
  Rates of(Usage usage, long epochMillis) {
    int step = contextStep(usage.inputTokens());
    return cache.rates(epochMillis, where(usage), tier(usage), step);
  }

  /** Returns the step of the context-dependent price, such as {@code >200000}; "" for the base. */
  String contextTier(long inputTokens) {
    int step = contextStep(inputTokens);
    return step == 0 ? "" : ">" + contextSteps[step - 1];
  }

  /** Returns whether there is a price for so long a context and longer ones, in tokens. */
  boolean goesBeyond(long context) {
    return contextSteps.length > 0 && contextSteps[contextSteps.length - 1] >= context;
  }

  /**
   * Returns the time of day whose price a usage has, such as {@code 01:00-04:00}; "" for the base.
   */
  String hours(Usage usage, long epochMillis) {
    ZonedDateTime at = Instant.ofEpochMilli(epochMillis).atZone(ZoneOffset.UTC);
    for (Catalogue.Card card : cards.entry().cards()) {
      When when = card.when();
      if (!when.hours().isEmpty()
          && when.holds(at, where(usage), tier(usage), usage.inputTokens())) {
        return when.hours();
      }
    }
    return "";
  }

  /**
   * Returns the most that so many tokens and fees cost, nano-USD, rounded up: in the dearest tier
   * that they may land in, region that they may be billed in and context step that they may reach.
   *
   * @param fees other meters at their worst, and the region that the request asks for, if any
   * @param tiers the service tiers besides the standard one
   * @param discount basis points off
   */
  long boundNanos(
      long input, long output, Usage fees, Set<String> tiers, long epochMillis, int discount) {
    long worst = bound(input, output, fees, Usage.STANDARD, epochMillis, discount);
    for (String tier : tiers) {
      worst = Math.max(worst, bound(input, output, fees, tier, epochMillis, discount));
    }
    return worst;
  }

  private long bound(
      long input, long output, Usage fees, String tier, long epochMillis, int discount) {
    long here = bound(input, output, fees, tier, region, epochMillis, discount);
    String asked = fees.region();
    return asked == null || asked.equals(region)
        ? here
        : Math.max(here, bound(input, output, fees, tier, asked, epochMillis, discount));
  }

  private long bound(
      long input,
      long output,
      Usage fees,
      String tier,
      String where,
      long epochMillis,
      int discount) {
    long worst = 0;
    // A higher context step need not be dearer in every meter: the worst of all that it may reach.
    for (int step = 0; step <= contextStep(input); step++) {
      Rates rates = cache.rates(epochMillis, where, tier, step);
      worst = Math.max(worst, rates.boundNanos(fees, input, output, discount));
    }
    return worst;
  }

  private static String tier(Usage usage) {
    String tier = usage.serviceTier();
    return tier == null ? Usage.STANDARD : tier;
  }

  private String where(Usage usage) {
    String named = usage.region();
    return named == null ? region : named;
  }

  private int contextStep(long context) {
    int steps = 0;
    while (steps < contextSteps.length && context > contextSteps[steps]) {
      steps++;
    }
    return steps;
  }

  private Rates find(long epochMillis, String where, String tier, int step) {
    long context = step == 0 ? 0 : contextSteps[step - 1] + 1;
    return new Rates(cards.rates(epochMillis, where, tier, context), per);
  }
}
