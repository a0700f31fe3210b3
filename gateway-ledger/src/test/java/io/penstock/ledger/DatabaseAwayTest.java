package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.Ticker;
import io.penstock.testkit.Await;
import io.penstock.testkit.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DatabaseAwayTest {
  @TempDir Path directory;

  @Test
  void databaseRefuses_rowsWaitInTheJournalAndArriveLater() throws Exception {
    String url = PostgresServer.shared().newDatabase();
    LedgerOptions options = LedgerOptions.of(url, directory);
    Random random = new Random(6);
    try (Connection admin = SqlDialect.POSTGRES.connect(url);
        Statement sql = admin.createStatement();
        SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      sql.execute("ALTER TABLE rollup RENAME TO away");
      LedgerWriter writer = ledger.writer();
      LedgerRow row = Rows.row(random, Rows.NOV_1);
      writer.intent(Rows.intent(row, 1));
      writer.row(row);
      Await.until("the refusal is seen", () -> ledger.stats().databaseError().contains("rollup"));
      assertThat(ledger.stats().queue()).isEqualTo(2);
      sql.execute("ALTER TABLE away RENAME TO rollup");
      ledger.flush(30_000);
      assertThat(ledger.queries().request(row.attempt().request())).containsExactly(row);
      assertThat(ledger.stats().databaseError()).isEmpty();
      assertThat(ledger.stats().lost()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:abc/l", "127.0.0.1:1/l%zz"})
  void open_urlThatCannotBeRead_neverQuotesThePassword(String place) {
    String url = "jdbc:postgresql://" + place + "?user=u&password=SECRETPW";
    assertThatThrownBy(() -> SqlLedger.open(LedgerOptions.of(url, directory), Ticker.system()))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("ledger.url: ")
        .hasMessageNotContaining("SECRETPW")
        .hasMessageContaining("expected: jdbc:postgresql://HOST");
  }

  @Test
  void closedWhileDatabaseIsAway_theNextStartImportsTheJournal() throws Exception {
    String url = PostgresServer.shared().newDatabase();
    LedgerOptions options = LedgerOptions.of(url, directory);
    LedgerRow row = Rows.row(new Random(7), Rows.NOV_1);
    try (Connection admin = SqlDialect.POSTGRES.connect(url);
        Statement sql = admin.createStatement()) {
      try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
        sql.execute("ALTER TABLE rollup RENAME TO away");
        ledger.writer().row(row);
        Await.until("the refusal is seen", () -> !ledger.stats().databaseError().isEmpty());
      }
      sql.execute("ALTER TABLE away RENAME TO rollup");
    }
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      assertThat(ledger.recovery().rows()).isEqualTo(1);
      assertThat(ledger.queries().recent(null, 5)).containsExactly(row);
    }
  }
}
