package io.penstock.ledger;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** The table of price catalogues, as it is written. */
final class CatalogueTable {
  private CatalogueTable() {}

  /** Puts a catalogue in, by whichever replica it comes; deletes what no row can name any more. */
  static void put(Connection open, Catalogue catalogue, @Nullable Duration retain)
      throws SQLException {
    try (PreparedStatement insert =
        open.prepareStatement(
            "INSERT INTO price_catalogue (version, since, catalogue) VALUES (?, ?, ?)"
                + " ON CONFLICT (version) DO UPDATE SET since = excluded.since")) {
      insert.setString(1, catalogue.version());
      insert.setLong(2, catalogue.sinceMillis());
      insert.setBytes(3, pack(catalogue.json()));
      insert.executeUpdate();
    }
    if (retain != null) {
      expire(open, catalogue.sinceMillis() - retain.toMillis());
    }
  }

  /** What was in force at that time, or came later, has rows. */
  private static void expire(Connection open, long before) throws SQLException {
    try (PreparedStatement delete =
        open.prepareStatement(
            "DELETE FROM price_catalogue WHERE since < (SELECT MAX(since) FROM price_catalogue"
                + " WHERE since < ?)")) {
      delete.setLong(1, before);
      delete.executeUpdate();
    }
  }

  private static byte[] pack(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("memory takes what is written", e);
    }
    return bytes.toByteArray();
  }
}
