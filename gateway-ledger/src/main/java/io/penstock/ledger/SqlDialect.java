package io.penstock.ledger;

import io.penstock.core.body.Json;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteOpenMode;

/** What differs between the two databases. */
enum SqlDialect {
  SQLITE {
    @Override
    Connection connect(String url) throws SQLException {
      SqliteLibrary.load();
      Connection connection = DriverManager.getConnection("jdbc:" + url, unlocked());
      try (Statement pragma = connection.createStatement()) {
        pragma.execute("PRAGMA busy_timeout = 5000");
        pragma.execute("PRAGMA journal_mode = WAL");
        // FULL, not NORMAL: a journal segment is deleted once its rows are committed.
        pragma.execute("PRAGMA synchronous = FULL");
        pragma.execute("PRAGMA cache_size = -16384");
      }
      return connection;
    }

    // The driver lets one thread at a time use a connection: SQLite need not lock it once more.
    // Nothing else is set, so that the URL says the rest.
    private static Properties unlocked() {
      SQLiteConfig config = new SQLiteConfig();
      config.setOpenMode(SQLiteOpenMode.NOMUTEX);
      String mode = SQLiteConfig.Pragma.OPEN_MODE.getPragmaName();
      Properties properties = new Properties();
      properties.setProperty(mode, config.toProperties().getProperty(mode));
      return properties;
    }

    @Override
    void bind(PreparedStatement statement, int index, UUID id) throws SQLException {
      statement.setBytes(
          index,
          ByteBuffer.allocate(16)
              .putLong(id.getMostSignificantBits())
              .putLong(id.getLeastSignificantBits())
              .array());
    }

    @Override
    UUID uuid(ResultSet results, int index) throws SQLException {
      ByteBuffer bytes = ByteBuffer.wrap(results.getBytes(index));
      return new UUID(bytes.getLong(), bytes.getLong());
    }

    @Override
    String jsonText(String column) {
      return "json_extract(" + column + ", ?)";
    }

    @Override
    String jsonPath(String name) {
      return "$." + Json.quote(name);
    }

    @Override
    String jsonArray(String column, String alias) {
      return "json_each(" + column + ") " + alias;
    }

    @Override
    void lockRollups(Connection connection) throws SQLException {
      // SQLite has one writer at any time; a transaction that reads before it writes fails at once
      // when another one wrote in between, but waits for busy_timeout when it writes first.
      try (Statement write = connection.createStatement()) {
        write.execute("DELETE FROM reaped WHERE 1 = 0");
      }
    }

    @Override
    String ddl(String template) {
      return template
          .replace("{uuid}", "BLOB")
          .replace("{bytes}", "BLOB")
          .replace("{serial}", "INTEGER PRIMARY KEY")
          .replace("{clustered}", "WITHOUT ROWID");
    }
  },
  POSTGRES {
    @Override
    Connection connect(String url) throws SQLException {
      if (!isAddress(url)) {
        // The driver's own words would quote the password.
        throw new SQLException(
            "cannot be read (expected: jdbc:postgresql://HOST:PORT/DATABASE?user=NAME)");
      }
      return DriverManager.getConnection(url);
    }

    @Override
    boolean isAlive(Connection idle) throws SQLException {
      // The server or something between may have ended the session, or dropped it in silence.
      return idle.isValid(ALIVE_SECONDS);
    }

    @Override
    boolean isAddress(String url) {
      if (AT_HOST.matcher(url).find()) {
        return false; // a password that the driver takes for a part of the host's name
      }
      try {
        return DriverManager.getDriver(url) != null;
      } catch (SQLException | RuntimeException e) {
        return false; // no driver can read it
      }
    }

    @Override
    void bind(PreparedStatement statement, int index, UUID id) throws SQLException {
      statement.setObject(index, id);
    }

    @Override
    UUID uuid(ResultSet results, int index) throws SQLException {
      return results.getObject(index, UUID.class);
    }

    @Override
    String jsonText(String column) {
      // Earlier versions kept NUL, which jsonb refuses.
      return "(REPLACE(" + column + ", '\\u0000', '\\ufffd')::jsonb ->> ?)";
    }

    @Override
    String jsonPath(String name) {
      return name;
    }

    @Override
    String jsonArray(String column, String alias) {
      return "jsonb_array_elements_text(" + column + "::jsonb) " + alias + "(value)";
    }

    @Override
    void lockRollups(Connection connection) throws SQLException {
      try (Statement lock = connection.createStatement()) {
        lock.execute("SELECT pg_advisory_xact_lock(7250612)");
      }
    }

    @Override
    String ddl(String template) {
      return template
          .replace("{uuid}", "UUID")
          .replace("{bytes}", "BYTEA")
          .replace("{serial}", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY")
          .replace("{clustered}", "");
    }
  };

  /**
   * The driver warns of a URL that it cannot read, and quotes it, password and all: nothing of it
   * is logged, errors are thrown anyway. Kept, because an unused logger forgets its level.
   */
  private static final Logger DRIVER = Logger.getLogger("org.postgresql");

  private static final int ALIVE_SECONDS = 2;

  private static final Pattern AT_HOST = Pattern.compile("^jdbc:postgresql://[^/?]*@");

  static {
    DRIVER.setLevel(Level.OFF);
  }

  /** Returns whether the driver can read that URL of its own. */
  boolean isAddress(String url) {
    return true;
  }

  /** Opens a connection in auto-commit mode. */
  abstract Connection connect(String url) throws SQLException;

  /** Returns whether a connection that was not used for a while can be. */
  boolean isAlive(Connection idle) throws SQLException {
    return true;
  }

  abstract void bind(PreparedStatement statement, int index, UUID id) throws SQLException;

  abstract UUID uuid(ResultSet results, int index) throws SQLException;

  /** Returns the expression for one text member of a JSON column; binds {@link #jsonPath}. */
  abstract String jsonText(String column);

  abstract String jsonPath(String name);

  /** Returns the table expression that yields the members of a JSON array as {@code value}. */
  abstract String jsonArray(String column, String alias);

  /**
   * Lets one replica at a time add to roll-ups, so that two never wait for each other in a circle.
   */
  abstract void lockRollups(Connection connection) throws SQLException;

  /** Fills the placeholders of a table definition. */
  abstract String ddl(String template);

  /** Returns the dialect of a URL. */
  static SqlDialect of(String url) {
    if (url.startsWith("sqlite:")) {
      return SQLITE;
    }
    if (url.startsWith("jdbc:postgresql:")) {
      return POSTGRES;
    }
    int end = Math.max(0, url.indexOf(':'));
    throw new LedgerException(
        "ledger.url: "
            + url.substring(0, end)
            + ": (expected: sqlite:FILE or jdbc:postgresql://HOST/DATABASE)");
  }
}
