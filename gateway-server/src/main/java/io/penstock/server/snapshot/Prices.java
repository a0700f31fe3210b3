package io.penstock.server.snapshot;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.price.PriceBook;
import io.penstock.core.price.PricedModel;
import io.penstock.server.config.PricesConfig;
import io.penstock.server.config.ProviderConfig;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The price book of a configuration. */
public final class Prices {
  private Prices() {}

  /**
   * Lays the operator's files over the catalogue.
   *
   * @throws IOException when a file can't be read, with its name
   * @throws PriceBook.CatalogueException with all that is wrong, each with its file and line
   */
  public static PriceBook of(JsonNode catalogue, PricesConfig config) throws IOException {
    List<PriceFile> files = new ArrayList<>();
    for (Path file : config.files()) {
      files.add(PriceFile.read(file));
    }
    List<PriceBook.Discount> discounts = new ArrayList<>();
    config
        .discounts()
        .forEach((glob, share) ->
            discounts.add(
                PriceBook.Discount.of(
                    glob, share.ratio().multiply(BigDecimal.valueOf(10_000)).intValueExact())));
    try {
      return PriceBook.of(
          catalogue,
          files.stream().map(PriceFile::tree).toList(),
          discounts,
          PriceBook.Unknown.valueOf(config.unknown().name()));
    } catch (PriceBook.CatalogueException e) {
      throw e.told(problem ->
          problem.file() < 0
              ? "the price catalogue: " + problem
              : files.get(problem.file()).told(problem));
    }
  }

  /** Returns what a model of a configured provider costs. */
  public static PricedModel target(
      PriceBook prices, String name, ProviderConfig provider, String model) {
    return provider.free()
        ? prices.free(model)
        : prices.price(
            catalogue(prices, name, provider), model, name + "/" + model, provider.region());
  }

  /** Returns the same where the catalogue has the model itself; else null, whatever the policy. */
  static @Nullable PricedModel listed(
      PriceBook prices, String name, ProviderConfig provider, String model) {
    return provider.free() || !prices.lists(catalogue(prices, name, provider), model)
        ? null
        : target(prices, name, provider, model);
  }

  /** Does the same for a name that the catalogue has as it is; a pattern that fits is no name. */
  static @Nullable PricedModel named(
      PriceBook prices, String name, ProviderConfig provider, String model) {
    return prices.names(catalogue(prices, name, provider), model)
        ? listed(prices, name, provider, model)
        : null;
  }

  /** Returns whose prices a configured provider's are. */
  public static String catalogue(PriceBook prices, String name, ProviderConfig provider) {
    String named = provider.catalogue();
    if (named != null) {
      return named;
    }
    return prices.providers().contains(name) ? name : provider.dialect().label();
  }
}
