package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ticker;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeTicker;
import io.penstock.testkit.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CatalogueBookTest {
  private static final long DAY = 86_400_000L;

  @TempDir Path directory;

  private LedgerOptions options(SqlDialect dialect) {
    String url =
        dialect == SqlDialect.SQLITE
            ? "sqlite:" + directory.resolve("ledger.db")
            : PostgresServer.shared().newDatabase();
    return new LedgerOptions(
        url,
        directory.resolve("journal"),
        Duration.ofDays(30),
        null,
        List.of(),
        LedgerOptions.JournalSizes.DEFAULT);
  }

  private static void keep(SqlLedger ledger, String version, String json, long sinceMillis) {
    ledger.keep(new Catalogue(version, json, sinceMillis));
    Await.until(
        version + " is kept",
        () -> ledger.catalogues().of(version) != null && json.equals(ledger.catalogues().newest()));
  }

  @ParameterizedTest
  @EnumSource
  void kept_isFoundByVersion_andTheLastOneInForceIsTheNewest(SqlDialect dialect) {
    LedgerOptions options = options(dialect);
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      CatalogueBook book = ledger.catalogues();
      assertThat(book.newest()).isNull();
      assertThat(book.of("1-a")).isNull();
      keep(ledger, "1-a", "{\"é\":1}", DAY);
      keep(ledger, "2-b", "{\"b\":2}", 2 * DAY);
      assertThat(book.newest()).isEqualTo("{\"b\":2}");

      // Another replica, or the same after a restart.
      keep(ledger, "1-a", "{\"é\":1}", 3 * DAY);
      assertThat(book.newest()).isEqualTo("{\"é\":1}");
    }
    try (LedgerReader reader = SqlLedger.read(options)) {
      assertThat(reader.catalogues().of("1-a")).isEqualTo("{\"é\":1}");
      assertThat(reader.catalogues().of("2-b")).isEqualTo("{\"b\":2}");
    }
  }

  @ParameterizedTest
  @EnumSource
  void kept_isDeletedOnceNoRowCanNameIt(SqlDialect dialect) {
    try (SqlLedger ledger = SqlLedger.open(options(dialect), Ticker.system())) {
      CatalogueBook book = ledger.catalogues();
      keep(ledger, "a", "{}", DAY);
      keep(ledger, "b", "{}", 2 * DAY);
      keep(ledger, "c", "{}", 50 * DAY);
      assertThat(book.of("a")).as("replaced 48 days ago").isNull();
      assertThat(book.of("b")).as("in force 20 days ago").isNotNull();
      assertThat(book.of("c")).isNotNull();
    }
  }

  /** Rows, and who reads what was spent, do not wait for a catalogue that is refused. */
  @Test
  void keep_databaseAway_isWrittenWhenItIsBack_andRowsDoNotWait() throws Exception {
    LedgerOptions options = options(SqlDialect.SQLITE);
    FakeTicker ticker = FakeTicker.at("2026-11-21T12:00:00Z");
    try (SqlLedger ledger = SqlLedger.open(options, ticker);
        Connection other =
            DriverManager.getConnection(options.url().replace("sqlite:", "jdbc:sqlite:"));
        Statement statement = other.createStatement()) {
      statement.execute("ALTER TABLE price_catalogue RENAME TO away");
      ledger.keep(new Catalogue("1-a", "{}", DAY));
      ledger.writer().row(Rows.row(new Random(5), Rows.NOV_1));
      ledger.flush(30_000);
      assertThat(ledger.stats().databaseError()).isEmpty();

      statement.execute("ALTER TABLE away RENAME TO price_catalogue");
      ticker.advance(Duration.ofMinutes(1));
      Await.until("it is kept", () -> ledger.catalogues().of("1-a") != null);
    }
  }

  @Test
  void close_catalogueIsRefused_allRowsAreCommitted() throws Exception {
    LedgerOptions options = options(SqlDialect.SQLITE);
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system());
        Connection other =
            DriverManager.getConnection(options.url().replace("sqlite:", "jdbc:sqlite:"));
        Statement statement = other.createStatement()) {
      statement.execute("ALTER TABLE price_catalogue RENAME TO away");
      ledger.keep(new Catalogue("1-a", "{}", DAY));
      Random random = new Random(5);
      for (int i = 0; i < 3_000; i++) {
        ledger.writer().row(Rows.row(random, Rows.NOV_1 + i));
      }
    }
    try (SqlLedger next = SqlLedger.open(options, Ticker.system())) {
      assertThat(next.recovery().rows()).as("left in the journal").isZero();
    }
  }
}
