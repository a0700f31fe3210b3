package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.Ticker;
import io.penstock.testkit.Await;
import io.penstock.testkit.PostgresServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class AdmissionTest {
  private static final String BAD = "a-secret-team";

  @TempDir Path directory;

  private LedgerOptions options(SqlDialect dialect) {
    String url =
        dialect == SqlDialect.SQLITE
            ? "sqlite:" + directory.resolve("data/ledger.db")
            : PostgresServer.shared().newDatabase();
    return LedgerOptions.of(url, directory.resolve("journal"));
  }

  /** The database takes no row of that team. */
  private static void refuse(LedgerOptions options) throws Exception {
    SqlDialect dialect = SqlDialect.of(options.url());
    try (Connection connection = dialect.connect(options.url());
        Statement sql = connection.createStatement()) {
      sql.execute(
          dialect == SqlDialect.POSTGRES
              ? "ALTER TABLE ledger_row ADD CHECK (team <> '" + BAD + "')"
              : "CREATE TRIGGER bad BEFORE INSERT ON ledger_row WHEN NEW.team = '"
                  + BAD
                  + "' BEGIN SELECT RAISE(ABORT, 'bad'); END");
    }
  }

  private static LedgerRow of(LedgerRow row, LedgerRow.Caller caller) {
    return new LedgerRow(
        row.attempt(),
        row.times(),
        caller,
        row.destination(),
        row.outcome(),
        row.usage(),
        row.usageSource(),
        row.money(),
        row.charges());
  }

  private static List<LedgerRow> rows() {
    Random random = new Random(3);
    List<LedgerRow> rows = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      LedgerRow row = Rows.row(random, Rows.NOV_1 + i);
      rows.add(i == 7 || i == 30 ? of(row, Rows.caller(BAD, "ann")) : row);
    }
    return rows;
  }

  @ParameterizedTest
  @EnumSource
  void rowThatTheDatabaseRefuses_theOthersArriveAndItIsPutAside(SqlDialect dialect)
      throws Exception {
    LedgerOptions options = options(dialect);
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      refuse(options);
      LedgerWriter writer = ledger.writer();
      List<LedgerRow> rows = rows();
      rows.forEach(writer::row);
      ledger.flush(30_000);
      assertThat(ledger.queries().recent(null, 1000)).hasSize(38);
      assertThat(ledger.stats().refused()).isEqualTo(2);
      assertThat(ledger.stats().databaseError()).isEmpty();
      List<String> aside = Files.readAllLines(Path.of(options.journal() + Admission.SUFFIX));
      assertThat(aside).hasSize(2);
      assertThat(aside.getFirst())
          .contains(rows.get(7).id().toString())
          .contains("\"team\":\"" + BAD + '"');
      LedgerRow booked = of(rows.get(1), Rows.caller(BAD, "bob"));
      LedgerRow anew =
          new LedgerRow(
              new LedgerRow.Attempt(rows.get(1).attempt().request(), 9, Cause.CORRECTION),
              booked.times(),
              booked.caller(),
              booked.destination(),
              booked.outcome(),
              booked.usage(),
              booked.usageSource(),
              booked.money(),
              booked.charges());
      assertThatThrownBy(() -> ledger.book(anew))
          .isInstanceOf(LedgerException.class)
          .hasMessageContaining("refuses the row");
    }
  }

  @ParameterizedTest
  @EnumSource
  void rowThatTheDatabaseRefuses_inADeadJournal_doesNotKeepItFromStarting(SqlDialect dialect)
      throws Exception {
    LedgerOptions options = options(dialect);
    SqlDialect of = SqlDialect.of(options.url());
    SqlLedger.open(options, Ticker.system()).close();
    try (Connection connection = of.connect(options.url());
        Statement sql = connection.createStatement()) {
      try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
        sql.execute("ALTER TABLE rollup RENAME TO away");
        LedgerWriter writer = ledger.writer();
        rows().forEach(writer::row);
        Await.until("the refusal is seen", () -> !ledger.stats().databaseError().isEmpty());
      }
      sql.execute("ALTER TABLE away RENAME TO rollup");
    }
    refuse(options);
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      assertThat(ledger.recovery().rows()).isEqualTo(38);
      assertThat(ledger.stats().refused()).isEqualTo(2);
    }
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      assertThat(ledger.recovery().journals()).isZero();
    }
  }

  @Test
  void longDimensions_ofClients_arriveInPostgres() throws Exception {
    LedgerOptions options =
        new LedgerOptions(
            PostgresServer.shared().newDatabase(),
            directory.resolve("journal"),
            null,
            null,
            List.of("metadata.a", "metadata.b", "metadata.c", "metadata.d", "metadata.e"),
            LedgerOptions.JournalSizes.DEFAULT);
    // No two characters alike, so that nothing is compressed.
    Random random = new Random(5);
    String long128 =
        random
            .ints(128, 0x4e00, 0x9fa0)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    String long1000 =
        random
            .ints(1000, 0x4e00, 0x9fa0)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    LedgerRow row = Rows.row(random, Rows.NOV_1);
    LedgerRow.Caller caller =
        new LedgerRow.Caller(
            "team",
            "app",
            long1000,
            long1000,
            "k-1",
            long1000,
            Map.of("a", long128, "b", long128, "c", long128, "d", long128, "e", long128));
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      LedgerWriter writer = ledger.writer();
      writer.row(of(row, caller));
      writer.row(of(Rows.row(random, Rows.NOV_1), caller));
      ledger.flush(30_000);
      assertThat(ledger.stats().refused()).isZero();
      Spend spend =
          ledger.queries().spend(SpendQuery.of(Rows.NOV_1 - 1000, Rows.NOV_1 + 1000, "user"));
      assertThat(spend.lines()).hasSize(1);
      assertThat(spend.total().of(Measure.CALLS)).isEqualTo(2);
    }
  }
}
