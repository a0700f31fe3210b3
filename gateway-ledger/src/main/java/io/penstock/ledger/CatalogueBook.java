package io.penstock.ledger;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Price catalogues that were fetched and put in force, by the price version that rows name: nothing
 * else knows them once another one is. Blocks; any thread.
 */
public final class CatalogueBook {
  private final ReadPool pool;

  CatalogueBook(ReadPool pool) {
    this.pool = pool;
  }

  /** Returns the catalogue of that price version; null where none was fetched for it. */
  public @Nullable String of(String version) {
    return select("WHERE version = ?", version);
  }

  /** Returns the catalogue that was put in force last; null when none was ever fetched. */
  public @Nullable String newest() {
    return select("ORDER BY since DESC LIMIT 1", null);
  }

  private @Nullable String select(String which, @Nullable String version) {
    byte[] packed =
        pool.<byte @Nullable []>read(connection -> {
          try (PreparedStatement select =
              connection.prepareStatement("SELECT catalogue FROM price_catalogue " + which)) {
            if (version != null) {
              select.setString(1, version);
            }
            try (ResultSet results = select.executeQuery()) {
              return results.next() ? results.getBytes(1) : null;
            }
          }
        });
    return packed == null ? null : unpack(packed);
  }

  private static String unpack(byte[] packed) {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new LedgerException("a price catalogue in the ledger is damaged: " + e, e);
    }
  }
}
