package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.Ticker;
import io.penstock.testkit.Await;
import io.penstock.testkit.PostgresServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
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
            ? "sqlite:" + directory.resolve("ledger.db")
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

  @Test
  void rowThatCannotBePutAside_isTriedAgain_andKeptOnce() throws Exception {
    LedgerOptions options = options(SqlDialect.SQLITE);
    Path file = options.journal().resolve(Admission.FILE);
    Files.createDirectories(file); // nothing can be appended to it
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      refuse(options);
      LedgerRow bad = of(Rows.row(new Random(4), Rows.NOV_1), Rows.caller(BAD, "ann"));
      ledger.writer().row(bad);
      Await.until("it was tried", () -> !ledger.stats().databaseError().isEmpty());
      assertThat(ledger.stats().refused()).isZero();
      Files.delete(file);
      ledger.flush(30_000);
      assertThat(Files.readAllLines(file))
          .singleElement()
          .satisfies(line -> assertThat(line).contains(bad.id().toString()));
      assertThat(ledger.stats().refused()).isOne();
    }
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
      assertThat(ledger.queries().recent(null, 1000)).hasSize(40);
      assertThat(ledger.stats().refused()).isEqualTo(2);
      assertThat(ledger.stats().databaseError()).isEmpty();
      List<String> aside = Files.readAllLines(options.journal().resolve(Admission.FILE));
      assertThat(aside).hasSize(2);
      assertThat(aside.getFirst())
          .contains(rows.get(7).id().toString())
          .contains("\"team\":\"" + BAD + '"');
      assertThat(ledger.queries().recent(null, 1000))
          .filteredOn(row -> row.id().equals(rows.get(7).id()))
          .singleElement()
          .satisfies(bare -> {
            assertThat(bare.caller().team()).isEmpty();
            assertThat(bare.outcome().rule()).isEqualTo(Corrections.REFUSED);
            assertThat(bare.money().cost()).isEqualTo(rows.get(7).money().cost());
            assertThat(bare.charges()).isEqualTo(rows.get(7).charges());
          });
      assertThat(ledger.queries().ownerTotals(7)).as("no money is free").isEqualTo(totals(rows));
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
      assertThat(ledger.recovery().rows()).isEqualTo(40);
      assertThat(ledger.queries().ownerTotals(7)).isEqualTo(totals(rows()));
      assertThat(ledger.stats().refused()).isEqualTo(2);
    }
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      assertThat(ledger.recovery().journals()).isZero();
    }
  }

  private static Map<UUID, Long> totals(List<LedgerRow> rows) {
    Map<UUID, Long> totals = new HashMap<>();
    for (LedgerRow row : rows) {
      row.charges().forEach(c -> totals.merge(c.counter().id(), c.amount(), Long::sum));
    }
    return totals;
  }

  @ParameterizedTest
  @EnumSource
  void subjectWithNul_isCharged(SqlDialect dialect) {
    LedgerRow row = Rows.row(new Random(3), Rows.NOV_1);
    Counter counter = Rows.counter("per-user\0", "a\0");
    try (SqlLedger ledger = SqlLedger.open(options(dialect), Ticker.system())) {
      ledger.writer().row(Rows.charged(row, List.of(new Charge(counter, 7, 640))));
      ledger.flush(30_000);
      assertThat(ledger.stats().refused()).isZero();
      assertThat(ledger.queries().ownerTotals(7)).isEqualTo(Map.of(counter.id(), 640L));
    }
  }

  @Test
  void counterThatTheDatabaseCannotWrite_isChargedUnderItsId() throws Exception {
    LedgerOptions options = options(SqlDialect.POSTGRES);
    LedgerRow row = Rows.row(new Random(3), Rows.NOV_1);
    Counter counter = Rows.counter("per-user", "\u4e00");
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      execute(options, "ALTER TABLE counter ADD CHECK (octet_length(subject) = length(subject))");
      ledger.writer().row(Rows.charged(row, List.of(new Charge(counter, 7, 640))));
      ledger.flush(30_000);
      assertThat(ledger.stats().refused()).isEqualTo(1);
      assertThat(ledger.queries().ownerTotals(7)).isEqualTo(Map.of(counter.id(), 640L));
    }
  }

  private static void execute(LedgerOptions options, String statement) throws Exception {
    SqlDialect dialect = SqlDialect.of(options.url());
    try (Connection connection = dialect.connect(options.url());
        Statement sql = connection.createStatement()) {
      sql.execute(statement);
    }
  }

  /** A column that somebody added. */
  private static void spoil(LedgerOptions options) throws Exception {
    execute(
        options,
        SqlDialect.of(options.url()) == SqlDialect.POSTGRES
            ? "ALTER TABLE ledger_row ADD COLUMN extra TEXT NOT NULL"
            : "CREATE TRIGGER bad BEFORE INSERT ON ledger_row BEGIN SELECT RAISE(ABORT, 'bad');"
                + " END");
  }

  private static void mend(LedgerOptions options) throws Exception {
    execute(
        options,
        SqlDialect.of(options.url()) == SqlDialect.POSTGRES
            ? "ALTER TABLE ledger_row DROP COLUMN extra"
            : "DROP TRIGGER bad");
  }

  @ParameterizedTest
  @EnumSource
  void tableThatTakesNoRow_rowsWaitUntilItIsMended(SqlDialect dialect) throws Exception {
    LedgerOptions options = options(dialect);
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      spoil(options);
      LedgerWriter writer = ledger.writer();
      rows().forEach(writer::row);
      Await.until("the fault is said", () -> ledger.stats().databaseError().contains("at fault"));
      assertThat(ledger.stats().refused()).isZero();
      mend(options);
      ledger.flush(30_000);
      assertThat(ledger.queries().recent(null, 1000)).hasSize(40);
      assertThat(ledger.queries().ownerTotals(7)).isEqualTo(totals(rows()));
      assertThat(options.journal().resolve(Admission.FILE)).doesNotExist();
    }
  }

  @ParameterizedTest
  @EnumSource
  void tableThatTakesNoRow_rowByRow_onlyTheFirstArePutAside(SqlDialect dialect) throws Exception {
    LedgerOptions options = options(dialect);
    try (Store store = Store.open(options, Ticker.system())) {
      Admission admission = new Admission(store, options.journal());
      spoil(options);
      List<LedgerRow> rows = rows();
      for (int i = 0; i < Admission.IN_A_ROW - 1; i++) {
        assertThat(admission.append(rows.subList(i, i + 1), List.of()).refused()).hasSize(1);
      }
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> admission.append(rows.subList(20, 21), List.of()))
            .isInstanceOf(SQLException.class)
            .hasMessageContaining("at fault");
      }
      assertThat(admission.refused()).isEqualTo(Admission.IN_A_ROW - 1);
      mend(options);
      assertThat(admission.append(rows.subList(20, 40), List.of()).fresh()).hasSize(20);
    }
  }

  @ParameterizedTest
  @EnumSource
  void ownerThatCannotBeTakenBack_holdsUpNoOther(SqlDialect dialect) throws Exception {
    LedgerOptions options = options(dialect);
    List<Charge> charges = new ArrayList<>();
    try (Store store = Store.open(options, Ticker.system())) {
      Admission admission = new Admission(store, options.journal());
      List<LedgerRow> reaped = new ArrayList<>();
      for (long owner = 1; owner <= 3; owner++) {
        Charge charge = new Charge(Rows.counter("team", "t" + owner), owner, 100);
        charges.add(charge);
        reaped.add(Corrections.reaped(Rows.NOV_1, Rows.NOV_1, charge));
      }
      assertThat(admission.append(reaped, List.of()).fresh()).hasSize(3);
      execute(
          options,
          dialect == SqlDialect.POSTGRES
              ? "ALTER TABLE reaped ADD CHECK (owner <> 2 OR id <>"
                  + " '00000000-0000-0000-0000-000000000000')"
              : "CREATE TRIGGER bad BEFORE INSERT ON reaped WHEN NEW.owner = 2"
                  + " BEGIN SELECT RAISE(ABORT, 'bad'); END");
      Admission.Result result = admission.append(List.of(), List.of(1L, 2L, 3L));
      assertThat(result.refusedOwners()).containsExactly(2L);
    }
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      for (Charge charge : charges) {
        assertThat(ledger.queries().ownerTotals(charge.owner()))
            .isEqualTo(Map.of(charge.counter().id(), charge.owner() == 2 ? 100L : 0L));
      }
      assertThatThrownBy(() -> ledger.found(2)).isInstanceOf(LedgerException.class);
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
