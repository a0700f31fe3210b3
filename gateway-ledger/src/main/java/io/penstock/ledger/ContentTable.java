package io.penstock.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Prompts and answers by request, apart from the rows. Stateless; the connection is the caller's.
 */
final class ContentTable {
  private static final String SELECT =
      "SELECT id, request, response, request_bytes, response_bytes FROM content ";

  private static final int EXPIRE_AT_ONCE = 1000;
  private static final int PORTION = 100;

  private final SqlDialect dialect;

  ContentTable(SqlDialect dialect) {
    this.dialect = dialect;
  }

  /** Inserts those that are not there yet. */
  void insert(Connection connection, List<Content> contents) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO content (id, request, response, request_bytes, response_bytes)"
                + " VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING")) {
      for (Content content : contents) {
        dialect.bind(insert, 1, content.id());
        insert.setBytes(2, content.request());
        insert.setBytes(3, content.response());
        insert.setLong(4, content.requestBytes());
        insert.setLong(5, content.responseBytes());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  /** Returns what was kept of that request, or null. */
  @Nullable Content of(Connection connection, UUID request) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(SELECT + "WHERE id = ?")) {
      dialect.bind(select, 1, request);
      try (ResultSet results = select.executeQuery()) {
        return results.next() ? read(results) : null;
      }
    }
  }

  /**
   * Deletes a portion of what came before that id.
   *
   * @return whether there may be more
   */
  boolean expire(Connection connection, UUID before) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement(
            "DELETE FROM content WHERE id IN (SELECT id FROM content WHERE id < ? ORDER BY id"
                + " LIMIT "
                + EXPIRE_AT_ONCE
                + ")")) {
      dialect.bind(delete, 1, before);
      return delete.executeUpdate() == EXPIRE_AT_ONCE;
    }
  }

  /** Starts to read what was kept of the requests between two ids, the second excluded. */
  Cursor from(Connection connection, UUID from, UUID to) throws SQLException {
    PreparedStatement select =
        connection.prepareStatement(SELECT + "WHERE id >= ? AND id < ? ORDER BY id");
    select.setFetchSize(PORTION);
    dialect.bind(select, 1, from);
    dialect.bind(select, 2, to);
    return new Cursor(select);
  }

  private Content read(ResultSet results) throws SQLException {
    return new Content(
        dialect.uuid(results, 1),
        results.getBytes(2),
        results.getBytes(3),
        results.getLong(4),
        results.getLong(5));
  }

  /** Contents in the order of their requests, read beside the rows of these. */
  final class Cursor implements AutoCloseable {
    private final PreparedStatement select;
    private final ResultSet results;
    private @Nullable Content next;

    private Cursor(PreparedStatement select) throws SQLException {
      this.select = select;
      this.results = select.executeQuery();
      advance();
    }

    private void advance() throws SQLException {
      next = results.next() ? read(results) : null;
    }

    /** Returns what was kept of a request that comes after those asked for so far, or null. */
    @Nullable Content of(UUID request) throws SQLException {
      // Ids of version 7 differ in bits that compareTo orders as the database does.
      while (next != null && next.id().compareTo(request) < 0) {
        advance();
      }
      return next != null && next.id().equals(request) ? next : null;
    }

    @Override
    public void close() throws SQLException {
      select.close();
    }
  }
}
