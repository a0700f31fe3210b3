package io.penstock.ledger.statement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.Ticker;
import io.penstock.ledger.Corrections;
import io.penstock.ledger.LedgerException;
import io.penstock.ledger.LedgerOptions;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.RequestIds;
import io.penstock.ledger.SqlLedger;
import io.penstock.ledger.StatementBook.Line;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.time.YearMonth;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init") // set before each test
final class StatementsTest {
  private static final YearMonth OCTOBER = YearMonth.of(2026, 10);
  private static final long OCT_5 = Instant.parse("2026-10-05T00:00:00Z").toEpochMilli();
  private static final Instant NOV_20 = Instant.parse("2026-11-20T00:00:00Z");
  private static final StatementTerms TERMS =
      new StatementTerms(
          new BigDecimal("0.05"), List.of(new StatementTerms.Shared("machines", 100)));

  @TempDir Path directory;

  private final RequestIds ids = new RequestIds(Ticker.system(), new Random(15));
  private SqlLedger ledger;
  private Statements statements;

  @BeforeEach
  void open() {
    ledger =
        SqlLedger.open(
            LedgerOptions.of(
                "sqlite:" + directory.resolve("ledger.db"), directory.resolve("journal")),
            Ticker.system());
    statements = new Statements(ledger.queries(), ledger.statements(), TERMS);
    spend("red", 1000);
    spend("blue", 2000);
  }

  @AfterEach
  void close() {
    ledger.close();
  }

  private void close(YearMonth month, Instant now) {
    statements.close(month, statements.toClose(month, now), now);
  }

  private void spend(String team, long cost) {
    ledger.book(
        Corrections.correction(
            ids.next(),
            OCT_5,
            new LedgerRow.Caller(team, "", "", "", "", "", Map.of()),
            cost,
            List.of(),
            "test"));
  }

  @Test
  void of_openMonth_hasUsageMarkupAndSharedToTheNano() {
    assertThat(statements.of(OCTOBER))
        .containsExactly(
            new Line(OCTOBER, "blue", "usage", "corrections", 0, 2000),
            new Line(OCTOBER, "blue", "markup", "5 %", 0, 100),
            new Line(OCTOBER, "blue", "shared", "machines", 0, 67),
            new Line(OCTOBER, "red", "usage", "corrections", 0, 1000),
            new Line(OCTOBER, "red", "markup", "5 %", 0, 50),
            new Line(OCTOBER, "red", "shared", "machines", 0, 33));
  }

  @Test
  void close_laterRow_isACorrectionOfTheNextMonthOnce() {
    List<Line> issued = statements.of(OCTOBER);
    close(OCTOBER, NOV_20);
    spend("red", -300);
    assertThat(statements.of(OCTOBER)).isEqualTo(issued);
    YearMonth november = OCTOBER.plusMonths(1);
    Line correction = new Line(november, "red", "correction", "2026-10", 0, -300);
    Line markup = new Line(november, "red", "markup", "5 %", 0, -15);
    Line machines = new Line(november, "", "shared", "machines", 0, 100);
    assertThat(statements.of(november)).containsExactly(machines, correction, markup);
    // Not on the one after it too, while November is open.
    assertThat(statements.corrections(november.plusMonths(1))).isEmpty();
    assertThat(statements.corrections(OCTOBER.minusMonths(1))).isEmpty();
    close(november, Instant.parse("2026-12-01T00:00:00Z"));
    assertThat(statements.corrections(november)).containsExactly(correction);
    assertThat(statements.corrections(november.plusMonths(1))).isEmpty();
    spend("red", 40);
    assertThat(statements.corrections(november.plusMonths(1)))
        .containsExactly(new Line(november.plusMonths(1), "red", "correction", "2026-10", 0, 40));
    assertThat(statements.of(OCTOBER)).isEqualTo(issued);
    assertThatThrownBy(() -> statements.toClose(OCTOBER, NOV_20))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> statements.close(OCTOBER, issued, NOV_20))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void close_reconciledAfterwards_isACorrectionOfNobody() {
    close(OCTOBER, NOV_20);
    UUID hash = UUID.nameUUIDFromBytes(new byte[] {1});
    ledger.book(Corrections.reconciled(hash, OCT_5, "openai", "gpt", "", 250));
    YearMonth november = OCTOBER.plusMonths(1);
    assertThat(statements.corrections(november))
        .containsExactly(new Line(november, "", "correction", "2026-10", 0, 250));
  }

  @Test
  void split_parts_sumToTheAmount() {
    assertThat(Statements.split(100, Map.of("a", 1L, "b", 1L, "c", 1L, "d", -5L)))
        .containsOnly(Map.entry("a", 34L), Map.entry("b", 33L), Map.entry("c", 33L));
    assertThat(Statements.split(100, Map.of("a", 0L))).containsOnly(Map.entry("", 100L));
    assertThat(Statements.split(0, Map.of("a", 1L))).isEmpty();
  }

  @Test
  void close_monthThatIsNotOver_isRefused() {
    assertThatThrownBy(() -> statements.toClose(YearMonth.of(2026, 11), NOV_20))
        .hasMessageContaining("not over");
  }

  @Test
  void close_monthWithoutCalls_isRefused() {
    Statements nothing =
        new Statements(
            ledger.queries(), ledger.statements(), new StatementTerms(BigDecimal.ZERO, List.of()));
    assertThatThrownBy(() -> nothing.toClose(YearMonth.of(2026, 1), NOV_20))
        .hasMessageContaining("no calls were recorded in 2026-01");
  }

  @Test
  void formats_escapeAndTotal() throws Exception {
    spend("<script>", 1);
    StringBuilder html = new StringBuilder();
    StatementFormat.html(statements.of(OCTOBER), null, html);
    assertThat(html).contains("2026-10, open, as of now");
    assertThat(html).contains("&lt;script&gt;").doesNotContain("<script>").contains("0.000002167");
    StringBuilder closed = new StringBuilder();
    StatementFormat.html(statements.of(OCTOBER), NOV_20, closed);
    assertThat(closed).contains("2026-10, issued 2026-11-20T00:00:00Z");
    StringBuilder csv = new StringBuilder();
    StatementFormat.csv(statements.of(OCTOBER), csv);
    assertThat(csv).contains("2026-10,blue,usage,corrections,0,0.000002");
  }
}
