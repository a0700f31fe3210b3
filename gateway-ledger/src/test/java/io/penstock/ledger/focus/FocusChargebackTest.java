package io.penstock.ledger.focus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.SqlLedger;
import io.penstock.ledger.StatementBook;
import io.penstock.ledger.statement.StatementTerms;
import io.penstock.ledger.statement.Statements;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.time.YearMonth;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the platform bills its teams. */
final class FocusChargebackTest {
  private static final YearMonth NOVEMBER = YearMonth.of(2026, 11);
  private static final YearMonth DECEMBER = YearMonth.of(2026, 12);

  @TempDir Path directory;

  @Test
  void chargeback_markup_isApartAndTheRestSumsToTheLedger() throws IOException {
    try (SqlLedger ledger = FocusSample.ledger(directory, new Random(13))) {
      String own =
          FocusSample.export(
              ledger,
              FocusSample.options(FocusOptions.Version.V1_4, FocusOptions.View.PROVIDER, "0"));
      String csv =
          FocusSample.export(
              ledger,
              FocusSample.options(FocusOptions.Version.V1_4, FocusOptions.View.CHARGEBACK, "0.05"));
      assertThat(FocusCheck.problems(csv, FocusOptions.Version.V1_4, FocusOptions.View.CHARGEBACK))
          .isEmpty();
      assertThat(FocusSample.sum(csv, "BilledCost").subtract(FocusSample.sum(csv, "x_MarkupCost")))
          .isEqualByComparingTo(FocusSample.sum(own, "BilledCost"));
      assertThat(csv).contains("penstock:tenant/acme").contains("Platform");
    }
  }

  @ParameterizedTest
  @EnumSource
  void sharedCosts_ofWholeMonths_areSplitByUsageToTheNano(FocusOptions.Version version)
      throws IOException {
    long november = Instant.parse("2026-11-01T00:00:00Z").toEpochMilli();
    long january = Instant.parse("2027-01-01T00:00:00Z").toEpochMilli();
    StatementTerms terms =
        FocusSample.terms("0.05", new StatementTerms.Shared("machines", 3_000_000_001L));
    FocusOptions options =
        new FocusOptions(
            version, FocusOptions.View.CHARGEBACK, "Platform", "acme", terms, Map.of());
    try (SqlLedger ledger = FocusSample.ledger(directory, new Random(17))) {
      FocusSample.book(ledger, "team-2", 300_000_000);
      FocusExport export = new FocusExport(options, FocusSample::rate, ledger.statements());
      StringBuilder out = new StringBuilder();
      export.writeCsv(ledger.queries(), november, january, out);
      String csv = out.toString();
      assertThat(FocusCheck.problems(csv, version, FocusOptions.View.CHARGEBACK)).isEmpty();
      // Two months; nothing is added to what is the platform's own.
      String without =
          FocusSample.export(
              ledger, FocusSample.options(version, FocusOptions.View.CHARGEBACK, "0.05"));
      assertThat(
              FocusSample.sum(csv, "BilledCost").subtract(FocusSample.sum(without, "BilledCost")))
          .isEqualByComparingTo("6.000000002");
      assertThat(FocusSample.sum(csv, "x_MarkupCost"))
          .isEqualByComparingTo(FocusSample.sum(without, "x_MarkupCost"));
      assertThat(csv.contains("penstock:share-of-usage")).isEqualTo(version.hasAllocation());
      if (version.hasAllocation()) {
        assertThat(csv).contains("penstock:team/team-2").contains("\"\"AllocatedRatio\"\":0.");
        assertThat(
                FocusCheck.problems(
                    csv.replace("penstock:team/team-2", ""), version, FocusOptions.View.CHARGEBACK))
            .anyMatch(problem -> problem.contains("AllocatedResourceId is null on a split cost"));
      }
      assertThatThrownBy(() ->
              export.writeCsv(ledger.queries(), november, FocusSample.NOV_30, new StringBuilder()))
          .hasMessageContaining("2026-11-30T23:00:00Z (expected: whole months");
    }
    assertThatThrownBy(() ->
            new FocusOptions(
                version, FocusOptions.View.PROVIDER, "Platform", "acme", terms, Map.of()))
        .hasMessageContaining("expected: the chargeback view");
  }

  @Test
  void sharedCosts_ofAMonthWithoutUsage_areNobodys() throws IOException {
    StatementTerms terms = FocusSample.terms("0", new StatementTerms.Shared("machines", 77));
    FocusOptions options =
        new FocusOptions(
            FocusOptions.Version.V1_4,
            FocusOptions.View.CHARGEBACK,
            "Platform",
            "acme",
            terms,
            Map.of());
    try (SqlLedger ledger = FocusSample.empty(directory)) {
      String csv = month(ledger, options, NOVEMBER);
      assertThat(FocusSample.sum(csv, "BilledCost")).isEqualByComparingTo("0.000000077");
      assertThat(csv).contains("penstock:team/(none)", "\"\"AllocatedRatio\"\":1");
      assertThat(FocusCheck.problems(csv, FocusOptions.Version.V1_4, FocusOptions.View.CHARGEBACK))
          .isEmpty();
    }
  }

  @Test
  void closedMonth_whatComesLater_isACorrectionOfTheMonthWhoseStatementBillsIt()
      throws IOException {
    FocusOptions options =
        FocusSample.options(FocusOptions.Version.V1_4, FocusOptions.View.CHARGEBACK, "0.05");
    try (SqlLedger ledger = FocusSample.ledger(directory, new Random(18))) {
      Statements statements =
          new Statements(ledger.queries(), ledger.statements(), options.terms());
      String open = month(ledger, options, NOVEMBER);
      assertThat(open).doesNotContain("penstock:statement");
      Instant issued = Instant.parse("2026-12-10T00:00:00Z");
      statements.close(NOVEMBER, statements.toClose(NOVEMBER, issued), issued);
      FocusSample.book(ledger, "team-1", -54_321);
      FocusSample.book(ledger, "team-9", 1_000);

      String november = month(ledger, options, NOVEMBER);
      assertThat(FocusSample.sum(november, "BilledCost"))
          .isEqualByComparingTo(FocusSample.sum(open, "BilledCost"));
      assertThat(november)
          .contains("billed by a later statement", "penstock:statement/2026-11/team-1")
          .doesNotContain(",Correction,");
      String december = month(ledger, options, DECEMBER);
      assertThat(december)
          .contains(",Correction,", "correction of 2026-11")
          .doesNotContain("penstock:statement");
      for (String csv : new String[] {november, december}) {
        assertThat(
                FocusCheck.problems(csv, FocusOptions.Version.V1_4, FocusOptions.View.CHARGEBACK))
            .isEmpty();
      }
      // File and statement of a month say the same; both months sum to the ledger.
      assertThat(own(november)).isEqualByComparingTo(calls(statements, NOVEMBER));
      assertThat(own(december)).isEqualByComparingTo(calls(statements, DECEMBER));
      String provider = FocusSample.export(ledger, FocusOptions.of(FocusOptions.View.PROVIDER));
      assertThat(own(november).add(own(december)))
          .isEqualByComparingTo(FocusSample.sum(provider, "BilledCost"));
      assertThat(provider).doesNotContain("Correction", "InvoiceId");
      Instant later = Instant.parse("2027-01-02T00:00:00Z");
      statements.close(DECEMBER, statements.toClose(DECEMBER, later), later);
      assertThat(own(month(ledger, options, DECEMBER))).isEqualByComparingTo(own(december));
      assertThat(month(ledger, options, DECEMBER)).contains("penstock:statement/2026-12/team-9");
    }
  }

  @Test
  void closedMonth_otherTermsThanIssued_areRefused_namingThoseOfTheMonth() throws IOException {
    StatementTerms.Shared gateway = new StatementTerms.Shared("gateway", 200_000_000_000L);
    StatementTerms terms = new StatementTerms(new BigDecimal("0.05"), List.of(gateway));
    try (SqlLedger ledger = FocusSample.ledger(directory, new Random(18))) {
      Statements statements = new Statements(ledger.queries(), ledger.statements(), terms);
      Instant later = Instant.parse("2026-12-10T00:00:00Z");
      List<StatementBook.Line> issued = statements.toClose(NOVEMBER, later);
      statements.close(NOVEMBER, issued, later);
      long sum = issued.stream().mapToLong(StatementBook.Line::amount).sum();
      assertThat(FocusSample.sum(month(ledger, with(terms), NOVEMBER), "BilledCost"))
          .isCloseTo(NanoUsd.toUsd(sum), within(new BigDecimal("0.00000001")));
      for (StatementTerms other :
          List.of(
              StatementTerms.SHOWBACK,
              new StatementTerms(new BigDecimal("0.06"), List.of(gateway)),
              new StatementTerms(new BigDecimal("0.05"), List.of()))) {
        assertThatThrownBy(() -> month(ledger, with(other), NOVEMBER))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage(
                "2026-11 is closed and was issued with other terms (expected: --markup 5%"
                    + " --shared gateway=\"200.00 USD\")");
      }
      // The providers bill what they bill, and what is open has no terms yet.
      FocusSample.export(ledger, FocusOptions.of(FocusOptions.View.PROVIDER));
      month(ledger, with(StatementTerms.SHOWBACK), DECEMBER);
    }
  }

  private static FocusOptions with(StatementTerms terms) {
    return new FocusOptions(
        FocusOptions.Version.V1_4,
        FocusOptions.View.CHARGEBACK,
        "Platform",
        "acme",
        terms,
        Map.of());
  }

  private static String month(SqlLedger ledger, FocusOptions options, YearMonth month)
      throws IOException {
    return FocusSample.export(
        ledger,
        options,
        FocusSample::rate,
        Statements.start(month),
        Statements.start(month.plusMonths(1)));
  }

  /** What is billed, without the mark-up. */
  private static BigDecimal own(String csv) {
    return FocusSample.sum(csv, "BilledCost").subtract(FocusSample.sum(csv, "x_MarkupCost"));
  }

  private static BigDecimal calls(Statements statements, YearMonth month) {
    return NanoUsd.toUsd(
        statements.of(month).stream()
            .filter(line -> !line.kind().equals("markup"))
            .mapToLong(StatementBook.Line::amount)
            .sum());
  }
}
