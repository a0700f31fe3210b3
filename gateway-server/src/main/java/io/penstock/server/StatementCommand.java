package io.penstock.server;

import io.penstock.ledger.LedgerReader;
import io.penstock.ledger.StatementBook;
import io.penstock.ledger.statement.StatementFormat;
import io.penstock.ledger.statement.StatementTerms;
import io.penstock.ledger.statement.Statements;
import io.penstock.server.config.Config;
import io.penstock.server.config.Limit;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  @Option(
      names = "--markup",
      paramLabel = "SHARE",
      defaultValue = "0%",
      description = "added to the usage, such as 5%% (default: ${DEFAULT-VALUE}: showback)")
  private String markup = "0%";

  @Option(
      names = "--shared",
      paramLabel = "NAME=AMOUNT",
      description = "a cost of the month, split over the teams by usage: gateway=\"200 USD\"")
  private Map<String, String> shared = new LinkedHashMap<>();

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
    StatementTerms terms = terms();
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

  private StatementTerms terms() {
    List<StatementTerms.Shared> costs = new ArrayList<>();
    shared.forEach((name, text) -> {
      if (!(Limit.parse(text) instanceof Limit.Money amount)) {
        throw new IllegalArgumentException(
            "--shared: " + name + "=" + text + " (expected: money such as 200 USD)");
      }
      costs.add(new StatementTerms.Shared(name, amount.nanos()));
    });
    return new StatementTerms(share("--markup", markup), costs);
  }

  /** Returns a share such as 5% or 0.05 as it is added to amounts. */
  static BigDecimal share(String name, String text) {
    boolean percent = text.endsWith("%");
    try {
      BigDecimal number = new BigDecimal(percent ? text.substring(0, text.length() - 1) : text);
      if (number.signum() >= 0) {
        return percent ? number.movePointLeft(2) : number;
      }
    } catch (NumberFormatException e) {
      // Reported below, with the value.
    }
    throw new IllegalArgumentException(name + ": " + text + " (expected: a share such as 5%)");
  }
}
