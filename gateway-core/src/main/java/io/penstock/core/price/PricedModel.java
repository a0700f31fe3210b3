package io.penstock.core.price;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a target costs, by its {@link Tariff} and less the operator's discount, and what else the
 * catalogue knows of its model: found once when the configuration is loaded, asked for every
 * attempt. Immutable but for what is kept of what was asked lately; thread-safe.
 */
public final class PricedModel {
  private static final int STALE_DAYS = 90;

  private final PriceBook book;
  private final Catalogue.Vendor vendor;
  private final Catalogue.Entry entry;
  private final boolean known;
  private final int discount;
  private final Tariff tariff;
  private final BilledUnits units;
  private final AnsweredPrices answered;

  PricedModel(
      PriceBook book,
      Catalogue.Vendor vendor,
      Catalogue.Entry entry,
      boolean known,
      int discount,
      String region) {
    this.book = book;
    this.vendor = vendor;
    this.entry = entry;
    this.known = known;
    this.discount = discount;
    this.tariff = new Tariff(new LayeredCards(vendor, entry), book.per(), region);
    this.units = BilledUnits.of(entry.id());
    this.answered = new AnsweredPrices(book, vendor, entry, discount, region);
  }

  /** Returns whether there is a price; false only under the policy that refuses. */
  public boolean isPriced() {
    return known;
  }

  /** Returns whether what has no price is refused. */
  public boolean refusesUnpriced() {
    return book.refusesUnpriced();
  }

  /** Returns the catalogue's id of the model, or null when the catalogue does not have it. */
  public @Nullable String id() {
    // What stands for a model that the catalogue does not have bears the name that was asked for.
    return vendor.models().containsKey(entry.id()) ? entry.id() : null;
  }

  /**
   * Returns the price of the model that answered where this one was asked: that of the catalogue's
   * entry of exactly that name, else this. A price or discount that the operator has for the asked
   * model and not for the other holds.
   *
   * @param model as the answer names it; null when it names none
   * @param provider as configured, for discounts
   */
  public PricedModel answeredBy(@Nullable String model, String provider) {
    return model == null || model.equals(entry.id()) ? this : answered.of(model, provider, this);
  }

  /**
   * Returns the price of a model that the provider of this one asked of its own, to answer; null
   * where the catalogue does not have it.
   *
   * @param model as the answer names it
   * @param provider as configured, for discounts
   */
  public @Nullable PricedModel ofPass(String model, String provider) {
    return model.equals(entry.id()) ? this : answered.ofPass(model, provider);
  }

  /** Returns the provider in the catalogue whose prices these are. */
  public String catalogue() {
    return vendor.id();
  }

  /** Returns the catalogue's version, for the ledger. */
  public String version() {
    return book.version();
  }

  /** Returns what is taken off list prices, in basis points: 500 is 5 %. */
  public int discountBasisPoints() {
    return discount;
  }

  /** Returns the step of the context-dependent price, such as {@code >200000}; "" for the base. */
  public String contextTier(long inputTokens) {
    return tariff.contextTier(inputTokens);
  }

  /**
   * Returns the time of day whose price a usage has, such as {@code 01:00-04:00}; "" for the base.
   */
  public String hours(Usage usage, long epochMillis) {
    return tariff.hours(usage, epochMillis);
  }

  /** Returns the most output tokens of one answer, or -1 when unknown. */
  public long outputLimit() {
    return entry.limits().output();
  }

  /** Returns the usual context in tokens, or -1 when unknown. */
  public long contextLimit() {
    return entry.limits().context();
  }

  /**
   * Returns the context that nobody's request exceeds, tokens; -1 when unknown, as where longer
   * requests have a price: some callers may send them.
   */
  public long longestContext() {
    long usual = contextLimit();
    return tariff.goesBeyond(usual) ? -1 : usual;
  }

  /** Returns the fewest input tokens that the provider's prompt cache takes, or -1 when unknown. */
  public long cacheMinimum() {
    return entry.limits().cacheMinimum();
  }

  /** Returns the catalogue's kind of model: chat, embedding, image, ... */
  public String kind() {
    return entry.kind();
  }

  /** Returns what the model is known to be capable of, such as {@code tools}, {@code vision}. */
  public Set<String> capabilities() {
    return entry.capabilities();
  }

  /** Returns the day on which a source last showed this price, or null when unknown. */
  public @Nullable LocalDate checked() {
    return entry.checked();
  }

  /** Returns a usage, reported or estimated, in the units in which this model bills it. */
  public Usage billed(Usage used, long epochMillis) {
    return units.billed(used, rate(Meter.REQUEST, epochMillis));
  }

  /**
   * Returns what a usage costs after discounts, nano-USD, rounded half up once. What the response
   * says (tier, region) counts, not what was asked.
   */
  public long costNanos(Usage usage, long epochMillis) {
    return tariff.of(usage, epochMillis).costNanos(usage, discount, RoundingMode.HALF_UP);
  }

  /** Returns what a usage costs before discounts, nano-USD. */
  public long listNanos(Usage usage, long epochMillis) {
    return tariff.of(usage, epochMillis).costNanos(usage, 0, RoundingMode.HALF_UP);
  }

  /** Returns a meter that was used and has no price, or null when all have one. */
  public @Nullable Meter unpriced(Usage usage, long epochMillis) {
    return known ? tariff.of(usage, epochMillis).unpriced(usage) : Meter.INPUT;
  }

  /**
   * Returns the exact parts of {@link #listNanos}, one per meter that was used and has a price.
   * They sum to it within half a nano-USD.
   */
  public List<Line> lines(Usage usage, long epochMillis) {
    Rates rates = tariff.of(usage, epochMillis);
    List<Line> lines = new ArrayList<>();
    for (Meter meter : Meter.values()) {
      BigDecimal rate = rates.usd(meter);
      if (rate != null && usage.of(meter) != 0) {
        lines.add(new Line(meter, usage.of(meter), rate, book.per(meter)));
      }
    }
    return lines;
  }

  /**
   * What one meter of a usage costs before discounts.
   *
   * @param rate USD for {@code per} counts
   */
  public record Line(Meter meter, long quantity, BigDecimal rate, int per) {
    /** Returns quantity x rate / per in USD, to 15 decimal places. */
    public BigDecimal usd() {
      return rate.multiply(BigDecimal.valueOf(quantity))
          .divide(BigDecimal.valueOf(per), 15, RoundingMode.HALF_UP);
    }
  }

  /** Returns whether no source has shown this price within 90 days before that time. */
  public boolean isStale(long epochMillis) {
    LocalDate seen = entry.checked();
    LocalDate today = Instant.ofEpochMilli(epochMillis).atZone(ZoneOffset.UTC).toLocalDate();
    return seen != null && seen.plusDays(STALE_DAYS).isBefore(today);
  }

  /** Returns USD per the meter's unit count in standard conditions, or null when there is none. */
  public @Nullable BigDecimal rate(Meter meter, long epochMillis) {
    return tariff.standard(epochMillis).usd(meter);
  }

  /** Returns the same as {@link #rate} after discounts: what is paid. */
  public @Nullable BigDecimal paidRate(Meter meter, long epochMillis) {
    BigDecimal list = rate(meter, epochMillis);
    return list == null || discount == 0
        ? list
        : list.multiply(BigDecimal.valueOf(10_000 - discount, 4)).stripTrailingZeros();
  }

  /** Returns USD for one count of a meter after discounts, or null when there is no rate. */
  public @Nullable BigDecimal paidForOne(Meter meter, long epochMillis) {
    BigDecimal paid = paidRate(meter, epochMillis);
    return paid == null
        ? null
        : paid.divide(BigDecimal.valueOf(book.per(meter)), MathContext.DECIMAL64)
            .stripTrailingZeros();
  }

  /** Returns whether a meter has a rate in standard conditions that is not another meter's. */
  public boolean hasOwnRate(Meter meter, long epochMillis) {
    return tariff.standard(epochMillis).isOwn(meter);
  }

  /**
   * Returns the worst case of an attempt, nano-USD, rounded up: all input at the dearest rate at
   * which it may be billed, all output at the dearest, in the dearest tier it may land in.
   *
   * @param inputTokens an upper bound
   * @param outputTokens an upper bound, all answers together
   * @param fees other meters at their worst, and the region that the request asks for, if any
   * @param tiers the service tiers it may land in besides the standard one
   */
  public long boundNanos(
      long inputTokens, long outputTokens, Usage fees, Set<String> tiers, long epochMillis) {
    return tariff.boundNanos(inputTokens, outputTokens, fees, tiers, epochMillis, discount);
  }

  LayeredCards cards() {
    return tariff.cards();
  }
}
