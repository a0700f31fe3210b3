package io.penstock.server.command;

import io.penstock.ledger.StatementBook;
import io.penstock.ledger.statement.StatementFormat;
import io.penstock.ledger.statement.StatementTerms;
import io.penstock.ledger.statement.Statements;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code penstock statement}: what each team owes for a month. */
@Command(
    name = "statement",
    description =
        "Showback and chargeback: a month by team. A closed month stays as it was issued; what"
            + " turns out later is a correction on the next one.",
    mixinStandardHelpOptions = true)
final class StatementCommand extends LedgerCommand {
  @Option(
      names = "--month",
      paramLabel = "M",
      description = "such as 2026-10, UTC (default: last month)")
  private @Nullable String month;

  @Mixin private ChargebackOptions chargeback = new ChargebackOptions();

  @Option(
      names = "--format",
      paramLabel = "F",
      defaultValue = "csv",
      description =
          "csv, or html: a page that prints one sheet per team (default: ${DEFAULT-VALUE})")
  private String format = "csv";

  @Option(names = "--close", description = "closes the month with these terms, for good")
  private boolean close;

  @Override
  public Integer call() throws Exception {
    if (!format.equals("csv") && !format.equals("html")) {
      throw new IllegalArgumentException("--format: " + format + " (expected: csv or html)");
    }
    YearMonth of = month();
    StatementTerms terms = chargeback.terms();
    return onLedger((loaded, ledger, out) -> {
      Statements statements = new Statements(ledger.queries(), ledger.statements(), terms);
      Instant now = Instant.now();
      List<StatementBook.Line> lines = close ? statements.toClose(of, now) : statements.of(of);
      if (lines.isEmpty()) {
        err().println("no calls were recorded in " + of + " (--month names another)");
      }
      if (format.equals("csv")) {
        StatementFormat.csv(lines, out);
      } else {
        StatementFormat.html(lines, close ? now : statements.closed().get(of), out);
      }
      if (close) {
        Commands.requireWritten(out, of + " stays open");
        statements.close(of, lines, now);
      }
    });
  }

  private YearMonth month() {
    if (month == null) {
      return YearMonth.now(ZoneOffset.UTC).minusMonths(1);
    }
    try {
      return YearMonth.parse(month);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "--month: " + month + " (expected: a month such as 2026-10)", e);
    }
  }
}
