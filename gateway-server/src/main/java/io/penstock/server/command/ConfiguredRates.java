package io.penstock.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.price.Meter;
import io.penstock.core.price.PriceBook;
import io.penstock.core.price.PricedModel;
import io.penstock.ledger.LedgerException;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.focus.FocusRates;
import io.penstock.server.config.Config;
import io.penstock.server.config.ProviderConfig;
import io.penstock.server.snapshot.FetchedPrices;
import io.penstock.server.snapshot.Prices;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The unit prices of rows that a price book explains: the one that the row names, or another that
 * comes to the same costs, to the nano, because what changed was something else or is dated. Known
 * are the bundled catalogue and those that were fetched, under the present files and discounts. Any
 * other row has none, so that no export states a price that was not charged; its cost is an
 * adjustment. Confined to one thread.
 */
final class ConfiguredRates implements FocusRates {
  /** Rows come by their time, and few replicas have other prices than the rest. */
  private static final int BOOKS = 8;

  private final Config config;
  private final FetchedPrices fetched;

  /** The present book, and what was in force before the first catalogue was fetched. */
  private final List<Book> usual;

  /** By version, those asked for last; null where none was fetched for it. */
  private final Map<String, @Nullable Book> books =
      new LinkedHashMap<>(BOOKS, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, @Nullable Book> eldest) {
          return size() > BOOKS;
        }
      };

  private ConfiguredRates(Config config, FetchedPrices fetched, List<Book> usual) {
    this.config = config;
    this.fetched = fetched;
    this.usual = usual;
  }

  /**
   * Returns the unit prices that a configuration knows.
   *
   * @throws IOException when a price file can't be read
   */
  static ConfiguredRates of(Config config, FetchedPrices fetched) throws IOException {
    Book bundled = new Book(Prices.of(PriceBook.bundled(), config.prices()));
    List<Book> usual =
        FetchedPrices.isFetched(config.prices())
            ? List.of(new Book(fetched.book(config.prices())), bundled)
            : List.of(bundled);
    return new ConfiguredRates(config, fetched, usual);
  }

  /** Prices of targets, made when first asked for. */
  private record Book(PriceBook prices, Map<String, PricedModel> targets) {
    Book(PriceBook prices) {
      this(prices, new HashMap<>());
    }

    /** Returns what the target of a row costs, if that explains what was booked; else null. */
    @Nullable PricedModel explaining(LedgerRow row, ProviderConfig from) {
      String provider = row.destination().provider();
      String model = row.destination().model();
      PricedModel asked =
          targets.computeIfAbsent(
              provider + "/" + model, label -> Prices.target(prices, provider, from, model));
      PricedModel price = asked.answeredBy(row.usage().model(), provider);
      if (price != asked && !explains(price, row)) {
        // A row of before answers were billed by the name that they bear.
        price = asked;
      }
      boolean named = row.money().priceVersion().equals(prices.version());
      return named || explains(price, row) ? price : null;
    }
  }

  @Override
  public @Nullable Rate of(LedgerRow row, Meter meter) {
    ProviderConfig from = config.providers().get(row.destination().provider());
    if (from == null) {
      return null;
    }
    PricedModel price = explaining(row, from);
    if (price == null) {
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

  private @Nullable PricedModel explaining(LedgerRow row, ProviderConfig from) {
    Book named = book(row.money().priceVersion());
    PricedModel price = named == null ? null : named.explaining(row, from);
    for (Book book : usual) {
      if (price == null && !book.equals(named)) {
        price = book.explaining(row, from);
      }
    }
    return price;
  }

  private @Nullable Book book(String version) {
    for (Book book : usual) {
      if (book.prices().version().equals(version)) {
        return book;
      }
    }
    if (!books.containsKey(version)) {
      books.put(version, fetched(version));
    }
    return books.get(version);
  }

  /** What cannot be read any more explains nothing. */
  private @Nullable Book fetched(String version) {
    try {
      JsonNode catalogue = fetched.of(version);
      return catalogue == null ? null : new Book(Prices.of(catalogue, config.prices()));
    } catch (IOException | PriceBook.CatalogueException | LedgerException e) {
      return null;
    }
  }

  private static boolean explains(PricedModel price, LedgerRow row) {
    long at = row.times().reservedAt();
    return price.costNanos(row.usage(), at) == row.money().cost()
        && price.listNanos(row.usage(), at) == row.money().list();
  }
}
