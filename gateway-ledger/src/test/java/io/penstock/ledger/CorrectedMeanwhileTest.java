package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ticker;
import io.penstock.testkit.Await;
import io.penstock.testkit.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Corrections that were computed from a counter which another process may correct meanwhile. */
final class CorrectedMeanwhileTest {
  private static final Counter ORG = Rows.counter("org", "");

  @TempDir Path directory;

  private String url(SqlDialect dialect) {
    return dialect == SqlDialect.SQLITE
        ? "sqlite:" + directory.resolve("ledger.db")
        : PostgresServer.shared().newDatabase();
  }

  private SqlLedger open(String url, String journal) {
    return SqlLedger.open(LedgerOptions.of(url, directory.resolve(journal)), Ticker.system());
  }

  private static LedgerRow correction(long number, Counter counter, long amount) {
    return Corrections.correction(
        RequestIds.of(Rows.NOV_1, 1, number << 10),
        Rows.NOV_1,
        Rows.caller("a", "b"),
        0,
        List.of(new Charge(counter, 0, amount)),
        "reset");
  }

  private static LedgerRow spent(long owner, long amount) {
    LedgerRow row = Rows.row(new Random(owner), Rows.NOV_1);
    return Rows.charged(row, List.of(new Charge(ORG, owner, amount)));
  }

  @ParameterizedTest
  @EnumSource
  void twoLedgers_fromTheSameSums_oneIsBooked(SqlDialect dialect) {
    String url = url(dialect);
    try (SqlLedger one = open(url, "one");
        SqlLedger two = open(url, "two")) {
      one.book(spent(7, 30));
      List<LedgerRow> told = new CopyOnWriteArrayList<>();
      two.onCommit(told::add);
      LedgerRow late = correction(2, ORG, -30);

      assertThat(one.bookUnlessCorrected(correction(1, ORG, -30), 0)).isTrue();
      assertThat(two.bookUnlessCorrected(late, 0)).isFalse();

      assertThat(two.queries().request(late.id())).isEmpty();
      assertThat(two.queries().counterTotals(ORG.id())).isEqualTo(Map.of(7L, 30L, 0L, -30L));
      assertThat(told).isEmpty();
      // What is spent meanwhile is not given back, and no reason to compute it anew.
      one.book(spent(8, 5));
      assertThat(two.bookUnlessCorrected(late, -30)).isTrue();
      assertThat(told).containsExactly(late);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRowThatIsThere_isNotBookedAgain(SqlDialect dialect) {
    try (SqlLedger ledger = open(url(dialect), "one")) {
      LedgerRow row = correction(1, ORG, -30);
      assertThat(ledger.bookUnlessCorrected(row, 0)).isTrue();

      assertThat(ledger.bookUnlessCorrected(row, 0)).isFalse();
      assertThat(ledger.bookUnlessCorrected(row, -30)).isFalse();

      assertThat(ledger.queries().counterTotals(ORG.id())).isEqualTo(Map.of(0L, -30L));
    }
  }

  @Test
  void manyInOneTransaction_oneOfEachCounterIsBooked() throws Exception {
    String url = url(SqlDialect.POSTGRES);
    Counter other = Rows.counter("other", "");
    try (SqlLedger ledger = open(url, "one");
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
        Connection connection = SqlDialect.POSTGRES.connect(url);
        Statement sql = connection.createStatement()) {
      connection.setAutoCommit(false);
      sql.execute("LOCK TABLE ledger_row IN EXCLUSIVE MODE");
      CompletableFuture<Void> first =
          CompletableFuture.runAsync(() -> ledger.book(spent(7, 30)), callers);
      Await.until("the ledger's thread waits", () -> isWaiting(sql));
      List<CompletableFuture<Boolean>> corrections = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        LedgerRow row = correction(i, i % 2 == 0 ? ORG : other, -30);
        corrections.add(
            CompletableFuture.supplyAsync(() -> ledger.bookUnlessCorrected(row, 0), callers));
      }
      connection.commit();
      first.get();

      int booked = 0;
      for (CompletableFuture<Boolean> correction : corrections) {
        booked += correction.get() ? 1 : 0;
      }

      assertThat(booked).isEqualTo(2);
      assertThat(ledger.queries().counterTotals(ORG.id())).containsEntry(0L, -30L);
      assertThat(ledger.queries().counterTotals(other.id())).containsEntry(0L, -30L);
    }
  }

  /** A correction that hangs, and its key again with what has been read since. */
  @Test
  void twoOfOneIdInOneTransaction_theFirstOnesSumsCount() throws Exception {
    String url = url(SqlDialect.POSTGRES);
    try (SqlLedger ledger = open(url, "one");
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
        Connection connection = SqlDialect.POSTGRES.connect(url);
        Statement sql = connection.createStatement()) {
      assertThat(ledger.bookUnlessCorrected(correction(2, ORG, -30), 0)).isTrue();
      connection.setAutoCommit(false);
      sql.execute("LOCK TABLE ledger_row IN EXCLUSIVE MODE");
      CompletableFuture<Void> first =
          CompletableFuture.runAsync(() -> ledger.book(spent(7, 30)), callers);
      Await.until("the ledger's thread waits", () -> isWaiting(sql));
      List<CompletableFuture<Boolean>> booked = new ArrayList<>();
      for (long sums : new long[] {0, -30}) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        LedgerRow row = correction(1, ORG, -30);
        Thread caller =
            Thread.ofPlatform().start(() -> done.complete(ledger.bookUnlessCorrected(row, sums)));
        Await.until("it is queued", () -> caller.getState() == Thread.State.TIMED_WAITING);
        booked.add(done);
      }
      connection.commit();
      first.get();

      assertThat(booked).extracting(CompletableFuture::get).containsExactly(false, false);
      assertThat(ledger.queries().counterTotals(ORG.id())).containsEntry(0L, -30L);
    }
  }

  private static boolean isWaiting(Statement sql) {
    return count(
            sql,
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'ledger_row'::regclass")
        == 1;
  }

  private static int count(Statement sql, String query) {
    try (ResultSet results = sql.executeQuery(query)) {
      results.next();
      return results.getInt(1);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void sessionsEndedByTheServer_readsOfEachKindGoOn() throws Exception {
    String url = url(SqlDialect.POSTGRES);
    try (SqlLedger ledger = open(url, "one");
        Connection connection = SqlDialect.POSTGRES.connect(url);
        Statement sql = connection.createStatement()) {
      LedgerRow row = spent(7, 30);
      ledger.book(row);
      LedgerQueries queries = ledger.queries();
      for (int i = 0; i < 3; i++) {
        queries.rows(0, Long.MAX_VALUE, outer -> queries.counterTotals(ORG.id())); // two are idle
        endSessions(sql);
        List<Object> read = new ArrayList<>();
        switch (i) {
          case 0 -> read.addAll(queries.request(row.id()));
          case 1 -> queries.rows(0, Long.MAX_VALUE, read::add);
          default ->
              queries.counterSums(0, LedgerQueries.Owned.ALL, (counter, sum) -> read.add(sum));
        }
        assertThat(read).hasSize(1);
      }
    }
  }

  private static void endSessions(Statement sql) {
    String others =
        " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assertThat(count(sql, "SELECT count(pg_terminate_backend(pid))" + others))
        .isGreaterThanOrEqualTo(2);
    Await.until("they have ended", () -> count(sql, "SELECT count(*)" + others) == 0);
  }
}
