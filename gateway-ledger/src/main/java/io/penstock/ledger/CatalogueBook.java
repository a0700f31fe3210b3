package io.penstock.ledger;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Price catalogues that were fetched and put in force, by the price version that rows name: nothing
 * else knows them once another one is. Those that no row can name any more are deleted. Blocks; any
 * thread.
 */
public final class CatalogueBook {
  private final ReadPool pool;
  private final @Nullable Duration retain;

  CatalogueBook(ReadPool pool, @Nullable Duration retain) {
    this.pool = pool;
    this.retain = retain;
  }

  /**
   * Keeps a catalogue, by whichever replica it comes.
   *
   * @param version of the prices that it became
   * @param catalogue its JSON
   * @throws LedgerException when the database does not take it
   */
  public void keep(String version, String catalogue, long nowMillis) {
    byte[] packed = pack(catalogue);
    pool.read(connection -> {
      try (PreparedStatement insert =
          connection.prepareStatement(
              "INSERT INTO price_catalogue (version, since, catalogue) VALUES (?, ?, ?)"
                  + " ON CONFLICT (version) DO UPDATE SET since = excluded.since")) {
        insert.setString(1, version);
        insert.setLong(2, nowMillis);
        insert.setBytes(3, packed);
        insert.executeUpdate();
      }
      if (retain != null) {
        expire(connection, nowMillis - retain.toMillis());
      }
      return version;
    });
  }

  /** What was in force at that time, or came later, has rows. */
  private static void expire(Connection connection, long before) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement(
            "DELETE FROM price_catalogue WHERE since < (SELECT MAX(since) FROM price_catalogue"
                + " WHERE since < ?)")) {
      delete.setLong(1, before);
      delete.executeUpdate();
    }
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

  private static byte[] pack(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("memory takes what is written", e);
    }
    return bytes.toByteArray();
  }

  private static String unpack(byte[] packed) {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new LedgerException("a price catalogue in the ledger is damaged: " + e, e);
    }
  }
}
