package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.Ending;
import io.penstock.core.Ticker;
import io.penstock.core.price.Usage;
import io.penstock.testkit.PostgresServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class SqlLedgerTest {
  @TempDir Path directory;

  private LedgerOptions options(SqlDialect dialect) {
    String url =
        dialect == SqlDialect.SQLITE
            ? "sqlite:" + directory.resolve("data/ledger.db")
            : PostgresServer.shared().newDatabase();
    return LedgerOptions.of(url, directory.resolve("journal"));
  }

  private static long scalar(LedgerOptions options, String sql) throws SQLException {
    try (Connection connection = SqlDialect.of(options.url()).connect(options.url());
        Statement statement = connection.createStatement();
        ResultSet results = statement.executeQuery(sql)) {
      results.next();
      return results.getLong(1);
    }
  }

  private static void verifySearch(LedgerQueries queries, List<LedgerRow> rows) {
    Map<String, String> where =
        Map.of("team", "team-1", "status", "200", "cause", "request", "metadata.project", "apollo");
    SpendQuery query =
        new SpendQuery(List.of(), Rows.NOV_1 + 9_000, Rows.NOV_1 + 500_000, where, false);
    List<LedgerRow> expected =
        rows.subList(9, 500).stream()
            .filter(row -> row.caller().team().equals("team-1"))
            .toList()
            .reversed();
    List<LedgerRow> found = queries.recent(null, 1000, query);
    assertThat(found).hasSizeGreaterThan(50).isEqualTo(expected);
    assertThat(queries.recent(found.get(4).id(), 3, query)).isEqualTo(expected.subList(5, 8));
    assertThat(queries.recent(rows.get(700).id(), 3, query)).isEqualTo(expected.subList(0, 3));
    // An id of the year 9999 has its highest bit set: it is the larger one.
    long year10000 = 253_402_300_800_000L;
    SpendQuery endless = new SpendQuery(List.of(), query.from(), year10000, where, false);
    assertThat(queries.recent(found.get(4).id(), 3, endless)).isEqualTo(expected.subList(5, 8));
  }

  @ParameterizedTest
  @EnumSource
  void rows_throughJournal_areReadBackAsTheyWere(SqlDialect dialect) throws SQLException {
    LedgerOptions options = options(dialect);
    Random random = new Random(1);
    List<LedgerRow> rows = new ArrayList<>();
    long cost = 0;
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      LedgerWriter writer = ledger.writer();
      for (int i = 0; i < 2000; i++) {
        LedgerRow row = Rows.row(random, Rows.NOV_1 + i * 1000L);
        assertThat(writer.intent(Rows.intent(row, 5))).isTrue();
        writer.extend(row.id(), 9, row.charges());
        assertThat(writer.row(row)).isTrue();
        rows.add(row);
        cost += row.money().cost();
      }
      ledger.flush(30_000);
      assertThat(ledger.stats().queue()).isZero();
      assertThat(ledger.stats().open()).isZero();
      LedgerRow some = rows.get(1234);
      assertThat(ledger.queries().request(some.attempt().request())).containsExactly(some);
      List<LedgerRow> newest = ledger.queries().recent(null, 10);
      assertThat(newest).hasSize(10).startsWith(rows.getLast());
      assertThat(ledger.queries().recent(newest.getLast().id(), 1))
          .containsExactly(rows.get(rows.size() - 11));
      verifySearch(ledger.queries(), rows);
      assertThat(ledger.queries().ownerTotals(7)).containsEntry(Rows.counter("org", "").id(), cost);
      Counter org = Rows.counter("org", "");
      assertThat(ledger.queries().counterTotals(org.id())).containsExactly(Map.entry(7L, cost));
      assertThat(sums(ledger, Rows.NOV_1, LedgerQueries.Owned.ALL))
          .hasSize(6)
          .containsEntry(org, cost);
      assertThat(sums(ledger, Rows.NOV_1, new LedgerQueries.Owned(7, 7, true))).hasSize(6);
      assertThat(sums(ledger, Rows.NOV_1, new LedgerQueries.Owned(5, 9, false))).isEmpty();
      assertThat(sums(ledger, Long.MAX_VALUE - 1, LedgerQueries.Owned.ALL)).isEmpty();
    }
    assertThat(scalar(options, "SELECT COUNT(*) FROM ledger_row")).isEqualTo(2000);
    for (Grain grain : Grain.values()) {
      String where = " FROM rollup WHERE grain = " + grain.ordinal();
      assertThat(scalar(options, "SELECT SUM(cost)" + where)).isEqualTo(cost);
      assertThat(scalar(options, "SELECT SUM(calls)" + where)).isEqualTo(2000);
    }
    try (Stream<Path> left = Files.list(options.journal())) {
      assertThat(left).isEmpty();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Map<Counter, Long> sums(Ledger ledger, long endsAfter, LedgerQueries.Owned owned) {
    Map<Counter, Long> sums = new HashMap<>();
    ledger.queries().counterSums(endsAfter, owned, sums::put);
    return sums;
  }

  private static LedgerRow charged(Random random, long day, Counter... counters) {
    return Rows.charged(
        Rows.row(random, Rows.NOV_1 + day * 86_400_000L),
        Stream.of(counters).map(counter -> new Charge(counter, 7, 5)).toList());
  }

  private static Counter endingAt(String name, long end) {
    return new Counter(
        UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)), name, -1, "", 0, end);
  }

  @Test
  void close_rowWrittenJustBefore_isInTheDatabase() throws SQLException {
    LedgerOptions options = options(SqlDialect.SQLITE);
    Random random = new Random(4);
    for (int i = 1; i <= 5; i++) {
      try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
        LedgerWriter writer = ledger.writer();
        ledger.book(Rows.row(random, Rows.NOV_1)); // the thread runs, and then waits for more
        writer.row(Rows.row(random, Rows.NOV_1));
      }
      assertThat(scalar(options, "SELECT COUNT(*) FROM ledger_row")).isEqualTo(2L * i);
    }
  }

  @ParameterizedTest
  @EnumSource
  void append_sameRowsTwice_countOnce(SqlDialect dialect) throws SQLException {
    LedgerOptions options = options(dialect);
    Random random = new Random(2);
    List<LedgerRow> rows = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      rows.add(Rows.row(random, Rows.NOV_1));
    }
    openStore(options).close();
    try (Store store = openStore(options)) {
      assertThat(store.append(rows)).isEqualTo(50);
      assertThat(store.append(rows)).isZero();
    }
    long cost = rows.stream().mapToLong(row -> row.money().cost()).sum();
    assertThat(scalar(options, "SELECT SUM(cost) FROM rollup WHERE grain = 1")).isEqualTo(cost);
    assertThat(scalar(options, "SELECT SUM(total) FROM counter_total")).isEqualTo(2 * cost);
  }

  @ParameterizedTest
  @EnumSource
  void append_batchesThatAgreeAndThatDiffer_areReadBackAsTheyWere(SqlDialect dialect)
      throws SQLException {
    LedgerOptions options = options(dialect);
    Random random = new Random(3);
    LedgerRow quiet = refused(random, "");
    LedgerRow label = refused(random, "none");
    LedgerRow quote = refused(random, "none', '') --");
    LedgerRow full = Rows.row(random, Rows.NOV_1);
    try (Store store = openStore(options)) {
      for (List<LedgerRow> batch :
          List.of(List.of(quiet), List.of(label), List.of(quote), List.of(full))) {
        assertThat(store.append(batch)).isEqualTo(1);
      }
      LedgerRow again = refused(random, "");
      LedgerRow other = Rows.row(random, Rows.NOV_1);
      assertThat(store.append(List.of(again, other))).isEqualTo(2);
      try (LedgerReader reader = SqlLedger.read(options)) {
        for (LedgerRow row : List.of(quiet, label, quote, full, again, other)) {
          assertThat(reader.queries().request(row.attempt().request())).containsExactly(row);
        }
      }
    }
  }

  /** A row of which most says nothing; the rule is free text. */
  private static LedgerRow refused(Random random, String rule) {
    return new LedgerRow(
        new LedgerRow.Attempt(Rows.request(random, Rows.NOV_1), 0, Cause.REQUEST),
        new LedgerRow.Times(0, Rows.NOV_1, 5, 5, -1),
        new LedgerRow.Caller("", "", "", "", "", "", Map.of()),
        new LedgerRow.Destination("", "", "", "", "", ""),
        new LedgerRow.Outcome(403, Ending.COMPLETED, "", rule, CacheOutcome.OFF, Waste.NONE),
        Usage.NONE,
        UsageSource.REPORTED,
        LedgerRow.Money.ZERO,
        List.of());
  }

  private Store openStore(LedgerOptions options) {
    try {
      Files.createDirectories(directory.resolve("data"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return Store.open(options, Ticker.system());
  }

  @ParameterizedTest
  @EnumSource
  void migrate_fromThePreviousVersion_keepsRows(SqlDialect dialect) throws Exception {
    LedgerOptions options = options(dialect);
    Counter endless = endingAt("endless", Long.MAX_VALUE);
    Files.createDirectories(directory.resolve("data"));
    try (Connection connection = dialect.connect(options.url())) {
      Schema.migrate(connection, dialect, Schema.VERSION - 1);
      LedgerRow row = charged(new Random(3), 0, endless);
      new RowTable(dialect).insert(connection, List.of(row));
      String id = dialect == SqlDialect.SQLITE ? "x'%s'" : "'%s'";
      id = id.formatted(endless.id().toString().replace("-", ""));
      try (Statement statement = connection.createStatement()) {
        statement.execute(
            "INSERT INTO counter (id, budget, override_index, subject, window_start, window_end)"
                + (" VALUES (" + id + ", 'endless', -1, '', 0, " + Long.MAX_VALUE + ")"));
        statement.execute("INSERT INTO counter_total VALUES (" + id + ", 7, 5)");
      }
    }
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      assertThat(ledger.queries().recent(null, 10)).hasSize(1);
      assertThat(ledger.queries().counterTotals(endless.id())).containsExactly(Map.entry(7L, 5L));
    }
    assertThat(scalar(options, "SELECT COUNT(*) FROM ledger_row")).isEqualTo(1);
    assertThat(scalar(options, "SELECT version FROM penstock_schema")).isEqualTo(Schema.VERSION);
    assertThat(scalar(options, "SELECT COUNT(*) FROM statement_month")).isZero();
  }

  @Test
  void open_newerSchema_isRefused() throws Exception {
    LedgerOptions options = options(SqlDialect.SQLITE);
    openStore(options).close();
    try (Connection connection = SqlDialect.SQLITE.connect(options.url());
        Statement sql = connection.createStatement()) {
      sql.execute("UPDATE penstock_schema SET version = 99");
    }
    assertThatThrownBy(() -> SqlLedger.open(options, Ticker.system()))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("99")
        .hasMessageContaining("newer");
  }

  @Test
  void open_unknownScheme_isRefusedWithoutThePassword() {
    LedgerOptions options = LedgerOptions.of("jdbc:mysql://u:secret@h/db", directory);
    assertThatThrownBy(() -> SqlLedger.open(options, Ticker.system()))
        .hasMessageContaining("expected: sqlite:FILE")
        .hasMessageNotContaining("secret");
    assertThat(options.toString()).doesNotContain("secret");
  }

  @ParameterizedTest
  @EnumSource
  void expire_deletesRowsNotRollups(SqlDialect dialect) throws SQLException {
    LedgerOptions options = options(dialect);
    Random random = new Random(4);
    List<LedgerRow> rows = new ArrayList<>();
    for (int i = 0; i < 2500; i++) {
      rows.add(Rows.row(random, Rows.NOV_1 + i));
    }
    try (Store store = openStore(options)) {
      store.append(rows);
      assertThat(store.expire(Rows.NOV_1 + 2400)).isEqualTo(2400);
    }
    assertThat(scalar(options, "SELECT COUNT(*) FROM ledger_row")).isEqualTo(100);
    assertThat(scalar(options, "SELECT SUM(calls) FROM rollup WHERE grain = 2")).isEqualTo(2500);
  }

  /** Returns the only segment of a process that is gone; whoever asked for it releases it. */
  private static Segment deadSegment(Path journal) throws IOException {
    Files.createDirectories(journal);
    Files.createFile(journal.resolve("lock"));
    return Segment.create(
        journal.resolve("000-000000000.journal"), 1 << 18, Segment.Making.ON_DISK);
  }

  @ParameterizedTest
  @EnumSource
  void recovery_intentWithoutRow_isBookedAtItsLastBound(SqlDialect dialect) throws Exception {
    LedgerOptions options = options(dialect);
    Random random = new Random(5);
    LedgerRow whole = Rows.row(random, Rows.NOV_1);
    LedgerRow dead = Rows.row(random, Rows.NOV_1);
    Path journal = directory.resolve("journal/dead-process");
    Segment segment = deadSegment(journal);
    Rows.append(segment, Rows.intent(whole, 10));
    Rows.append(segment, Rows.intent(dead, 10));
    Rows.append(segment, new Extend(dead.id(), 25, Rows.intent(dead, 25).holds()));
    Rows.append(segment, whole);
    segment.release();
    Charge allowance = new Charge(Rows.counter("org", ""), 7, 1_000_000);
    try (Store store = openStore(options)) {
      store.append(List.of(Corrections.reaped(Rows.NOV_1, Rows.NOV_1, allowance)));
    }

    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      assertThat(ledger.recovery().rows()).isEqualTo(1);
      assertThat(ledger.recovery().owners()).containsExactly(7L);
      assertThat(ledger.recovery().crashCost()).isEqualTo(25);
      LedgerRow crash = ledger.queries().request(dead.attempt().request()).getFirst();
      assertThat(crash.money().cost()).isEqualTo(25);
      assertThat(crash.attempt().cause()).isEqualTo(Cause.CRASH);
      assertThat(crash.usageSource()).isEqualTo(UsageSource.ESTIMATED);
      assertThat(ledger.queries().ownerTotals(7))
          .containsEntry(Rows.counter("org", "").id(), whole.money().cost() + 25);
    }
    assertThat(journal).doesNotExist();
  }

  /** As after an import that was cut off, or a row that was committed just before the end. */
  @Test
  void recovery_someOfItThereAlready_costsOnlyWhatThisStartBooked() throws Exception {
    LedgerOptions options = options(SqlDialect.SQLITE);
    Random random = new Random(5);
    LedgerRow there = Rows.row(random, Rows.NOV_1);
    LedgerRow dead = Rows.row(random, Rows.NOV_1);
    Path journal = directory.resolve("journal/dead-process");
    Segment segment = deadSegment(journal);
    Rows.append(segment, Rows.intent(there, 1_000));
    Rows.append(segment, Rows.intent(dead, 25));
    segment.release();
    Charge allowance = new Charge(Rows.counter("org", ""), 7, 1_000_000);
    try (Store store = openStore(options)) {
      store.append(List.of(there, Corrections.reaped(Rows.NOV_1, Rows.NOV_1, allowance)));
    }

    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      assertThat(ledger.recovery().crashCost()).isEqualTo(25);
      assertThat(ledger.recovery().crashed()).as("without what is taken back").isEqualTo(1);
    }
  }

  @Test
  void open_newFiles_areTheirOwnersAlone() throws Exception {
    Path link = Files.createSymbolicLink(directory.resolve("link.db"), Path.of("real.db"));
    LedgerOptions options = LedgerOptions.of("sqlite:" + link, directory.resolve("journal"));
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system());
        Stream<Path> files = Files.walk(directory)) {
      ledger.writer().row(Rows.row(new Random(5), Rows.NOV_1));
      ledger.flush(30_000);
      List<Path> kept =
          files
              .filter(file -> file.toString().matches(".*(\\.journal|real\\.db.*)"))
              .filter(Files::isRegularFile)
              .toList();
      assertThat(kept).hasSizeGreaterThan(3);
      for (Path file : kept) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
            .as(file.toString())
            .isEqualTo("rw-------");
      }
    }
  }

  @Test
  void recovery_anotherProcessWrites_waitsForLongerThanSqliteDoes() throws Exception {
    LedgerOptions options = options(SqlDialect.SQLITE);
    openStore(options).close();
    Path journal = directory.resolve("journal/dead-process");
    LedgerRow row = Rows.row(new Random(5), Rows.NOV_1);
    Segment segment = deadSegment(journal);
    Rows.append(segment, row);
    segment.release();
    try (Connection other = SqlDialect.SQLITE.connect(options.url());
        Statement sql = other.createStatement();
        ExecutorService threads = Executors.newSingleThreadExecutor()) {
      sql.execute("BEGIN IMMEDIATE");
      Future<SqlLedger> opened = threads.submit(() -> SqlLedger.open(options, Ticker.system()));
      assertThatThrownBy(() -> opened.get(6, TimeUnit.SECONDS))
          .isInstanceOf(TimeoutException.class);
      sql.execute("INSERT INTO used_meter VALUES ('other')");
      sql.execute("COMMIT");
      try (SqlLedger ledger = opened.get(30, TimeUnit.SECONDS)) {
        assertThat(ledger.recovery().rows()).isOne();
      }
    }
  }

  @Test
  void append_readsFirst_anotherProcessWritesMeanwhile_waits() throws Exception {
    LedgerOptions options = options(SqlDialect.SQLITE);
    try (Store store = openStore(options);
        Connection other = SqlDialect.SQLITE.connect(options.url());
        Statement sql = other.createStatement();
        ExecutorService threads = Executors.newSingleThreadExecutor()) {
      sql.execute("BEGIN IMMEDIATE");
      sql.execute("INSERT INTO used_meter VALUES ('other')");
      Future<Integer> appended = threads.submit(() -> store.append(List.of(), List.of(7L)));
      assertThatThrownBy(() -> appended.get(500, TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);
      sql.execute("COMMIT");
      assertThat(appended.get(30, TimeUnit.SECONDS)).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void found_ownerThatWasGivenUp_isChargedItsRowsAlone_whateverIsBookedLater(SqlDialect dialect) {
    try (SqlLedger ledger = SqlLedger.open(options(dialect), Ticker.system())) {
      Counter org = Rows.counter("org", "");
      Counter each = Rows.counter("each", "");
      LedgerRow early = reaped(new Charge(org, 7, 1_000));
      LedgerRow late = reaped(new Charge(each, 7, 500));
      ledger.book(early);
      assertThat(ledger.queries().ownerTotals(7)).containsEntry(org.id(), 1_000L);

      ledger.found(7);
      ledger.found(7);
      ledger.book(late);
      ledger.book(early);

      assertThat(ledger.queries().ownerTotals(7).values()).allMatch(total -> total == 0);
      ledger.book(reaped(new Charge(org, 8, 30)));
      assertThat(ledger.queries().ownerTotals(8)).containsEntry(org.id(), 30L);
    }
  }

  private static LedgerRow reaped(Charge charge) {
    return Corrections.reaped(Rows.NOV_1, Rows.NOV_1, charge);
  }

  @Test
  void book_correction_isInTheDatabaseWhenItReturns() {
    try (SqlLedger ledger = SqlLedger.open(options(SqlDialect.SQLITE), Ticker.system())) {
      UUID id = RequestIds.of(Rows.NOV_1, 1, 2);
      Charge back = new Charge(Rows.counter("org", ""), 0, -5);
      LedgerRow row =
          Corrections.correction(
              id, Rows.NOV_1, Rows.caller("a", "b"), -5, List.of(back), "refund");
      ledger.book(row);
      assertThat(ledger.queries().request(id)).containsExactly(row);
      assertThat(ledger.queries().ownerTotals(0)).containsValue(-5L);
    }
  }

  @ParameterizedTest
  @EnumSource
  void chargeToAnUnknownCounter_isSaid(SqlDialect dialect) throws Exception {
    LedgerOptions options = options(dialect);
    LedgerRow row = Rows.row(new Random(5), Rows.NOV_1);
    try (SqlLedger ledger = SqlLedger.open(options, Ticker.system())) {
      ledger.book(row);
      try (Connection connection = dialect.connect(options.url());
          Statement sql = connection.createStatement()) {
        sql.execute("DELETE FROM counter");
      }
      assertThatThrownBy(() -> ledger.queries().request(row.attempt().request()))
          .isInstanceOf(LedgerException.class)
          .hasMessageContaining("unknown counter");
    }
  }
}
