package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ticker;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Price catalogues that the database does not take. */
class CatalogueQueueTest {
  @TempDir Path directory;

  private void execute(String sql) throws SQLException {
    try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file());
        Statement statement = other.createStatement()) {
      statement.execute(sql);
    }
  }

  private Path file() {
    return directory.resolve("ledger.db");
  }

  private LedgerOptions options() {
    return LedgerOptions.of("sqlite:" + file(), directory.resolve("journal"));
  }

  private Store store() {
    return Store.open(options(), Ticker.system());
  }

  @Test
  void write_cannotBe_isTriedAgainAfterAMinute_andAtTheEnd() throws Exception {
    try (Store store = store()) {
      CatalogueQueue queue = new CatalogueQueue(store, null);
      execute("ALTER TABLE price_catalogue RENAME TO away");
      queue.put(new Catalogue("1-a", "{}", 1));
      queue.put(new Catalogue("2-b", "{}", 2));
      assertThat(queue.write(-5)).isZero();

      execute("ALTER TABLE away RENAME TO price_catalogue");
      assertThat(queue.write(CatalogueQueue.RETRY_NANOS - 6)).as("not yet").isZero();
      assertThat(queue.write(CatalogueQueue.RETRY_NANOS - 5)).isEqualTo(2);

      execute("ALTER TABLE price_catalogue RENAME TO away");
      queue.put(new Catalogue("3-c", "{}", 3));
      assertThat(queue.write(CatalogueQueue.RETRY_NANOS)).isZero();
      execute("ALTER TABLE away RENAME TO price_catalogue");
      queue.close();
    }
    try (LedgerReader reader = SqlLedger.read(options())) {
      assertThat(reader.catalogues().of("1-a")).isEqualTo("{}");
      assertThat(reader.catalogues().of("3-c")).isEqualTo("{}");
    }
  }

  @Test
  void write_refusedForWhatItSays_isGivenUp_andTheNextIsWritten() throws Exception {
    try (Store store = store()) {
      CatalogueQueue queue = new CatalogueQueue(store, null);
      execute(
          "CREATE TRIGGER no_bad BEFORE INSERT ON price_catalogue WHEN NEW.version = 'bad'"
              + " BEGIN SELECT RAISE(ABORT, 'no'); END");
      queue.put(new Catalogue("bad", "{}", 1));
      queue.put(new Catalogue("good", "{}", 2));
      assertThat(queue.write(0)).isEqualTo(2);
    }
    try (LedgerReader reader = SqlLedger.read(options())) {
      assertThat(reader.catalogues().of("bad")).isNull();
      assertThat(reader.catalogues().of("good")).isEqualTo("{}");
    }
  }
}
