package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.Ticker;
import io.penstock.testkit.PostgresServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What counts as a call and as a request, in rows and in roll-ups alike. */
final class CountedRowsTest {
  private static final long AT = Rows.NOV_1;

  @TempDir Path directory;
  private final Random random = new Random(11);

  private LedgerOptions options(SqlDialect dialect) {
    String url =
        dialect == SqlDialect.SQLITE
            ? "sqlite:" + directory.resolve("ledger.db")
            : PostgresServer.shared().newDatabase();
    return new LedgerOptions(
        url,
        directory.resolve("journal"),
        null,
        null,
        List.of(),
        LedgerOptions.JournalSizes.DEFAULT);
  }

  private UUID request() {
    return Rows.request(random, AT);
  }

  private LedgerRow row(UUID request, int number, Cause cause) {
    return Rows.row(new LedgerRow.Attempt(request, number, cause), random, AT);
  }

  private LedgerRow named(String name) {
    LedgerRow row = row(request(), 1, Cause.REQUEST);
    LedgerRow.Caller caller = row.caller();
    return new LedgerRow(
        row.attempt(),
        row.times(),
        new LedgerRow.Caller(
            caller.team(),
            caller.app(),
            caller.user(),
            caller.endUser(),
            caller.key(),
            caller.session(),
            Map.of(name, "found")),
        row.destination(),
        row.outcome(),
        row.usage(),
        row.usageSource(),
        row.money(),
        row.charges());
  }

  @ParameterizedTest
  @EnumSource
  void requests_eachIsCountedOnce_whateverBecameOfIt(SqlDialect dialect) throws Exception {
    UUID retried = request();
    UUID refusedLater = request();
    UUID shadowed = request();
    List<LedgerRow> rows = new ArrayList<>();
    rows.add(row(retried, 1, Cause.REQUEST));
    rows.add(row(retried, 2, Cause.RETRY));
    rows.add(row(request(), 1, Cause.REDIRECT));
    rows.add(row(refusedLater, 1, Cause.REQUEST));
    rows.add(row(refusedLater, 0, Cause.FALLBACK));
    rows.add(row(request(), 0, Cause.REQUEST));
    rows.add(row(shadowed, 1, Cause.REQUEST));
    rows.add(row(shadowed, RequestIds.MAX_ATTEMPT, Cause.SHADOW));
    rows.add(Corrections.crashed(Rows.intent(row(request(), 1, Cause.REDIRECT), 500)));
    Charge allowance = new Charge(Rows.counter("org", ""), 7, 100);
    LedgerRow reaped = Corrections.reaped(AT, AT, allowance);
    rows.add(reaped);
    rows.add(Corrections.reverse(reaped, "found"));
    rows.add(Corrections.correction(request(), AT, reaped.caller(), 0, List.of(), "top-up"));
    rows.add(Corrections.reconciled(request(), AT, "openai", "gpt-4o", "k-1", 5));

    LedgerOptions options = options(dialect);
    try (Store store = Store.open(options, Ticker.system())) {
      store.append(rows);
    }

    try (LedgerReader reader = SqlLedger.read(options)) {
      for (String by : List.of("model", "session")) {
        Spend spend = reader.queries().spend(SpendQuery.of(0, AT * 2, by));
        assertThat(spend.fromRows()).as(by).isEqualTo(by.equals("session"));
        assertThat(spend.total().of(Measure.REQUESTS)).as(by).isEqualTo(6);
        assertThat(spend.total().of(Measure.CALLS)).as(by).isEqualTo(9);
        assertThat(spend.total().of(Measure.ERRORS)).as(by).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void cacheHits_theGatewaysOwnChecks_areNone(SqlDialect dialect) throws Exception {
    List<LedgerRow> rows = new ArrayList<>();
    UUID request = request();
    rows.add(ofHit(row(request, 0, Cause.REQUEST)));
    int number = RequestIds.MAX_ATTEMPT;
    for (Cause cause : List.of(Cause.VERIFY, Cause.SHADOW, Cause.JUDGE, Cause.EMBEDDING)) {
      rows.add(ofHit(row(request, number--, cause)));
    }
    LedgerOptions options = options(dialect);
    try (Store store = Store.open(options, Ticker.system())) {
      store.append(rows);
    }

    try (LedgerReader reader = SqlLedger.read(options)) {
      for (String by : List.of("model", "session")) {
        Spend spend = reader.queries().spend(SpendQuery.of(0, AT * 2, by));
        assertThat(spend.fromRows()).as(by).isEqualTo(by.equals("session"));
        assertThat(spend.total().of(Measure.CACHE_HITS)).as(by).isEqualTo(1);
      }
    }
  }

  private static LedgerRow ofHit(LedgerRow row) {
    LedgerRow.Outcome outcome = row.outcome();
    return new LedgerRow(
        row.attempt(),
        row.times(),
        row.caller(),
        row.destination(),
        new LedgerRow.Outcome(
            outcome.status(), outcome.ending(), "", "", CacheOutcome.SEMANTIC, outcome.waste()),
        row.usage(),
        row.usageSource(),
        row.money(),
        row.charges());
  }

  @ParameterizedTest
  @EnumSource
  void metadata_ofAnyName_isFound(SqlDialect dialect) throws Exception {
    LedgerOptions options = options(dialect);
    List<String> names = List.of("a\\", "\"q\"", "a.b", "é", "x\\\"]");
    try (Store store = Store.open(options, Ticker.system())) {
      store.append(names.stream().map(this::named).toList());
    }

    try (LedgerReader reader = SqlLedger.read(options)) {
      for (String name : names) {
        Spend spend = reader.queries().spend(SpendQuery.of(0, AT * 2, "metadata." + name));
        assertThat(spend.lines()).as(name).anyMatch(line -> line.key().contains("found"));
      }
    }
  }

  @Test
  void metadata_withControlCharacters_isRefused() {
    assertThatThrownBy(() -> SpendQuery.of(0, 1, "metadata.\0"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("control character");
  }
}
