package io.penstock.server;

import io.penstock.ledger.LedgerReader;
import io.penstock.ledger.StatementBook;
import io.penstock.ledger.statement.StatementFormat;
import io.penstock.ledger.statement.StatementTerms;
import io.penstock.ledger.statement.Statements;
import io.penstock.server.config.Config;
import java.io.PrintWriter;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code penstock statement}: what each team owes for a month. */
@Command(
    name = "statement",
    description =
        "Showback and chargeback: a month by team. A closed month stays as it was issued; what"
            + " turns out later is a correction on the next one.",
    mixinStandardHelpOptions = true)
final class StatementCommand implements Callable<Integer> {
  @Mixin private ConfigOption config = new ConfigOption();

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

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    if (!format.equals("csv") && !format.equals("html")) {
      throw new IllegalArgumentException("--format: " + format + " (expected: csv or html)");
    }
    YearMonth of = month();
    StatementTerms terms = chargeback.terms();
    Config loaded = config.load(Commands.err(spec));
    if (loaded == null) {
      return Main.WRONG_INPUT;
    }
    PrintWriter out = Commands.out(spec);
    try (LedgerReader ledger = Ledgers.read(loaded)) {
      Statements statements = new Statements(ledger.queries(), ledger.statements(), terms);
      if (close) {
        statements.close(of, Instant.now());
      }
      List<StatementBook.Line> lines = statements.of(of);
      if (format.equals("csv")) {
        StatementFormat.csv(lines, out);
      } else {
        StatementFormat.html(lines, out);
      }
      out.flush();
    }
    return Main.OK;
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
