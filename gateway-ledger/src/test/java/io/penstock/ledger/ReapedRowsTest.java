package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ticker;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows that stand for a replica which died, one for each of its counters. */
class ReapedRowsTest {
  private static final long OWNER = 77;
  private static final long DAY = 86_400_000;
  private static final long YEAR_10000 = 253_402_300_800_000L; // the end of a search without one

  @TempDir Path directory;

  private SqlLedger open() {
    return SqlLedger.open(
        LedgerOptions.of("sqlite:" + directory.resolve("l.db"), directory.resolve("journal")),
        Ticker.system());
  }

  private static Charge charge(String subject) {
    return new Charge(Rows.counter("each", subject), OWNER, 1_000);
  }

  /** As versions before this one booked it: under a hash, which sorts behind every time. */
  private static LedgerRow earlier(Charge charge) {
    LedgerRow row = Corrections.reaped(Rows.NOV_1, Rows.NOV_1, charge);
    return new LedgerRow(
        new LedgerRow.Attempt(Corrections.earlierReapedId(charge), 0, Cause.CRASH),
        row.times(),
        row.caller(),
        row.destination(),
        row.outcome(),
        row.usage(),
        row.usageSource(),
        row.money(),
        row.charges());
  }

  @Test
  void recent_deadReplicas_hideNoRequest_norDoRowsThatTakeThemBack() {
    try (SqlLedger ledger = open()) {
      LedgerRow call = Rows.row(new Random(5), Rows.NOV_1 + DAY);
      ledger.book(call);
      for (int i = 0; i < 8; i++) {
        ledger.book(earlier(charge("ann" + i)));
        ledger.book(Corrections.reaped(Rows.NOV_1 + DAY, Rows.NOV_1 + DAY, charge("bob" + i)));
      }
      assertThat(ledger.queries().recent(null, 5)).containsExactly(call);
      ledger.found(OWNER);
      ledger.flush(30_000);
      assertThat(ledger.queries().ownerTotals(OWNER).values()).allMatch(total -> total == 0);
      assertThat(ledger.queries().recent(null, 5)).containsExactly(call);
    }
  }

  private static SpendQuery search(long from, Map<String, String> where) {
    return new SpendQuery(List.of(), from, YEAR_10000, where, false);
  }

  @Test
  void search_hasNoRowsOfDeadReplicas_butTheCallsThatCrashed() {
    try (SqlLedger ledger = open()) {
      LedgerRow call = Rows.row(new Random(5), Rows.NOV_1 + DAY);
      LedgerRow died = Rows.row(new Random(6), Rows.NOV_1 + DAY + 1);
      LedgerRow crashed = Corrections.crashed(Rows.intent(died, 1_000));
      ledger.book(call);
      ledger.book(crashed);
      for (int i = 0; i < 8; i++) {
        ledger.book(earlier(charge("ann" + i)));
        ledger.book(Corrections.reaped(Rows.NOV_1 + DAY, Rows.NOV_1 + DAY, charge("bob" + i)));
      }
      verifySearches(ledger.queries(), call, crashed);
      ledger.found(OWNER);
      verifySearches(ledger.queries(), call, crashed);
    }
  }

  private static void verifySearches(LedgerQueries queries, LedgerRow call, LedgerRow crashed) {
    assertThat(queries.recent(null, 5, search(Rows.NOV_1, Map.of())))
        .containsExactly(crashed, call);
    assertThat(queries.recent(null, 5, search(0, Map.of("team", "")))).isEmpty();
    assertThat(queries.recent(null, 5, search(0, Map.of("cause", "crash"))))
        .containsExactly(crashed);
    assertThat(queries.recent(null, 5, search(0, Map.of("cause", "correction")))).isEmpty();
  }

  @Test
  void reaped_id_isOfItsTime() {
    LedgerRow row = Corrections.reaped(Rows.NOV_1, Rows.NOV_1 + DAY, charge("ann"));
    assertThat(RequestIds.millis(row.attempt().request())).isEqualTo(Rows.NOV_1);
    assertThat(row.id().version()).isEqualTo(7);
  }

  @Test
  void book_twoReapersOfOneOwner_chargeOnce() {
    try (SqlLedger ledger = open()) {
      ledger.book(Corrections.reaped(Rows.NOV_1, Rows.NOV_1 + 1, charge("ann")));
      ledger.book(Corrections.reaped(Rows.NOV_1, Rows.NOV_1 + DAY, charge("ann")));
      assertThat(ledger.queries().ownerTotals(OWNER).values()).containsExactly(1_000L);
    }
  }

  @Test
  void book_afterAReaperOfAnEarlierVersion_chargesOnce_andAnotherCounterToo() {
    try (SqlLedger ledger = open()) {
      ledger.book(earlier(charge("ann")));
      ledger.book(Corrections.reaped(Rows.NOV_1, Rows.NOV_1, charge("ann")));
      ledger.book(Corrections.reaped(Rows.NOV_1, Rows.NOV_1, charge("bob")));
      assertThat(ledger.queries().ownerTotals(OWNER).values()).containsExactly(1_000L, 1_000L);
    }
  }

  @Test
  void earlierReapedId_isWhatThoseVersionsWrote() {
    Charge charge =
        new Charge(new Counter(new UUID(1, 2), "each", -1, "ann", 0, Long.MAX_VALUE), OWNER, 1_000);
    assertThat(Corrections.earlierReapedId(charge))
        .isEqualTo(UUID.fromString("0ba5eaa3-b5e8-3542-bc99-038e5b6abc00"));
  }
}
