package io.penstock.core.price;

import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What models cost that answer where another of the same provider was asked. Each name is looked up
 * once, up to a bound. Thread-safe.
 */
final class AnsweredPrices {
  private static final int MAX_KEPT = 256;

  private final PriceBook book;
  private final Catalogue.Vendor vendor;
  private final Catalogue.Entry asked;
  private final int discount;
  private final String region;
  private final ConcurrentHashMap<String, PricedModel> kept = new ConcurrentHashMap<>(0);

  /**
   * Creates them for a model that is asked.
   *
   * @param discount what the operator has off its price, basis points
   */
  AnsweredPrices(
      PriceBook book, Catalogue.Vendor vendor, Catalogue.Entry asked, int discount, String region) {
    this.book = book;
    this.vendor = vendor;
    this.asked = asked;
    this.discount = discount;
    this.region = region;
  }

  /** Returns the price of the model of exactly that name, else the other. */
  PricedModel of(String model, String provider, PricedModel otherwise) {
    PricedModel known = kept.get(model);
    if (known == null) {
      known = find(model, provider, otherwise);
      if (kept.size() < MAX_KEPT) {
        kept.put(model, known);
      }
    }
    return known;
  }

  /**
   * Returns the price of a model that the provider asked of its own; null where the catalogue does
   * not have it. What the operator says of the asked model says nothing of it.
   */
  @Nullable PricedModel ofPass(String model, String provider) {
    Catalogue.Entry entry = vendor.find(model);
    int off = book.discount(provider + "/" + model);
    return entry == null ? null : new PricedModel(book, vendor, entry, true, off, region);
  }

  private PricedModel find(String model, String provider, PricedModel otherwise) {
    Catalogue.Entry answered = vendor.exact(model);
    if (answered == null || answered.id().equals(asked.id())) {
      return otherwise;
    }
    int off = book.discount(provider + "/" + model);
    boolean isOperators = asked.overlaid() && !answered.overlaid() || discount > 0 && off == 0;
    return isOperators ? otherwise : new PricedModel(book, vendor, answered, true, off, region);
  }
}
