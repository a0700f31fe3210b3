package io.penstock.server.snapshot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.price.PriceBook;
import io.penstock.ledger.CatalogueBook;
import io.penstock.ledger.LedgerException;
import io.penstock.server.config.PricesConfig;
import io.penstock.server.config.value.SecretUrl;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The price catalogues that {@code prices.refresh} put in force, as the ledger keeps them for a
 * restart, for other replicas and for the commands. Blocks; any thread.
 */
public final class FetchedPrices {
  private static final Logger LOG = LoggerFactory.getLogger(FetchedPrices.class);
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final CatalogueBook book;

  public FetchedPrices(CatalogueBook book) {
    this.book = book;
  }

  /** Returns whether a configuration fetches prices. */
  public static boolean isFetched(PricesConfig config) {
    SecretUrl url = config.refresh().url();
    return url != null && !url.reveal().isEmpty();
  }

  /**
   * Returns the catalogue that was fetched last, for a configuration that fetches one; null when
   * there is none, or none that goes with the operator's files: then it is the bundled one.
   *
   * @throws IOException when a price file can't be read, with its name
   */
  public @Nullable JsonNode last(PricesConfig config) throws IOException {
    if (!isFetched(config)) {
      return null;
    }
    try {
      JsonNode last = json(book.newest());
      if (last != null) {
        Prices.of(last, config);
      }
      return last;
    } catch (LedgerException | PriceBook.CatalogueException e) {
      LOG.atWarn()
          .addKeyValue("problems", e.getMessage())
          .log("the price catalogue that was fetched last cannot be used; the bundled one is");
      return null;
    }
  }

  /** Returns the prices of a configuration, as a gateway with it has them now. */
  public PriceBook book(PricesConfig config) throws IOException {
    JsonNode last = last(config);
    return Prices.of(last == null ? PriceBook.bundled() : last, config);
  }

  /** Returns the catalogue with which prices had that version; null when none was fetched. */
  public @Nullable JsonNode of(String version) {
    return json(book.of(version));
  }

  private static @Nullable JsonNode json(@Nullable String text) {
    try {
      return text == null ? null : MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new LedgerException("a price catalogue in the ledger is damaged: " + e.getMessage(), e);
    }
  }
}
