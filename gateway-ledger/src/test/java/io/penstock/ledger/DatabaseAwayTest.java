package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.penstock.core.Ticker;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeTicker;
import io.penstock.testkit.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
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

  @Test
  void databaseRefuses_ageOfTheOldestRowGrows_untilItIsTaken() throws Exception {
    String url = PostgresServer.shared().newDatabase();
    FakeTicker ticker = FakeTicker.at("2026-11-01T00:00:00Z");
    try (Connection admin = SqlDialect.POSTGRES.connect(url);
        Statement sql = admin.createStatement();
        SqlLedger ledger = SqlLedger.open(LedgerOptions.of(url, directory), ticker)) {
      sql.execute("ALTER TABLE rollup RENAME TO away");
      assertThat(ledger.stats().oldestNanos()).isZero();
      ledger.writer().row(Rows.row(new Random(6), Rows.NOV_1));
      Await.until("the refusal is seen", () -> ledger.stats().databaseError().contains("rollup"));
      ticker.advance(Duration.ofSeconds(90));
      assertThat(ledger.stats().oldestNanos()).isEqualTo(90_000_000_000L);
      sql.execute("ALTER TABLE away RENAME TO rollup");
      ledger.flush(30_000);
      assertThat(ledger.stats().oldestNanos()).isZero();
    }
  }

  private static LedgerRow topUp(long number) {
    Charge back = new Charge(Rows.counter("org", ""), 0, -5);
    return Corrections.correction(
        RequestIds.of(Rows.NOV_1, 1, number << 10),
        Rows.NOV_1,
        Rows.caller("a", "b"),
        0,
        List.of(back),
        "top-up");
  }

  @Test
  void book_databaseRefusesTooLong_isNotBookedLater() throws Exception {
    String url = PostgresServer.shared().newDatabase();
    LedgerRow refused = topUp(1);
    LedgerRow taken = topUp(2);
    try (Connection admin = SqlDialect.POSTGRES.connect(url);
        Statement sql = admin.createStatement();
        SqlLedger ledger = SqlLedger.open(LedgerOptions.of(url, directory), Ticker.system())) {
      sql.execute("ALTER TABLE rollup RENAME TO away");
      assertThatThrownBy(() -> ledger.book(refused, 300, 60_000))
          .isInstanceOf(LedgerException.class)
          .isNotInstanceOf(StillBookingException.class)
          .hasMessageContaining("not booked")
          .hasMessageContaining("rollup");
      sql.execute("ALTER TABLE away RENAME TO rollup");
      ledger.book(taken);
      assertThat(ledger.queries().recent(null, 5)).containsExactly(taken);
      // A retry is no second booking, and a retry of a retry neither.
      ledger.book(refused);
      ledger.book(refused);
      assertThat(ledger.queries().counterTotals(Rows.counter("org", "").id()))
          .containsEntry(0L, -10L);
    }
  }

  @Test
  void book_isBeingWrittenWhenTheTimeIsOver_saysSo_andIsBookedOnce() throws Exception {
    String url = PostgresServer.shared().newDatabase();
    LedgerRow row = topUp(1);
    // The lock ends before the ledger does, which waits for it.
    try (SqlLedger ledger = SqlLedger.open(LedgerOptions.of(url, directory), Ticker.system());
        Connection admin = SqlDialect.POSTGRES.connect(url);
        Statement sql = admin.createStatement()) {
      admin.setAutoCommit(false);
      sql.execute("LOCK TABLE ledger_row IN EXCLUSIVE MODE");
      Throwable thrown = catchThrowable(() -> ledger.book(row, 300, 300));
      assertThat(thrown).isInstanceOf(StillBookingException.class);
      assertThat(ledger.queries().recent(null, 5)).isEmpty();
      admin.commit();
      ((StillBookingException) thrown).done().toCompletableFuture().get(30, TimeUnit.SECONDS);
      ledger.book(row);
      assertThat(ledger.queries().recent(null, 5)).containsExactly(row);
      assertThat(ledger.queries().counterTotals(Rows.counter("org", "").id()))
          .containsEntry(0L, -5L);
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
