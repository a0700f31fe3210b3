package io.penstock.server.command;

import io.penstock.ledger.statement.StatementTerms;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** What a platform charges beyond what calls cost: options of each command that makes a bill. */
final class ChargebackOptions {
  private static final Pattern PERCENT = Pattern.compile("[0-9]{1,6}([.][0-9]{1,9})?%");
  private static final Pattern FRACTION = Pattern.compile("0|0?[.][0-9]{1,9}");

  @Option(
      names = "--markup",
      paramLabel = "SHARE",
      defaultValue = "0%",
      description =
          "chargeback: added to the usage, such as 5%% (default: ${DEFAULT-VALUE}: showback)")
  private String markup = "0%";

  @Option(
      names = "--shared",
      paramLabel = "NAME=AMOUNT",
      description =
          "chargeback: a cost of each month, split over the teams by usage: gateway=\"200 USD\"")
  private Map<String, String> shared = new LinkedHashMap<>();

  /**
   * Returns what was asked for.
   *
   * @throws IllegalArgumentException with the value and the expectation
   */
  StatementTerms terms() {
    List<StatementTerms.Shared> costs = new ArrayList<>();
    shared.forEach((name, text) ->
        costs.add(
            new StatementTerms.Shared(name, Commands.nanos("--shared: " + name, text, "200 USD"))));
    return new StatementTerms(share(), costs);
  }

  /** 5 alone would be five times the usage where 5 % was meant: it is refused. */
  private BigDecimal share() {
    if (PERCENT.matcher(markup).matches()) {
      return new BigDecimal(markup.substring(0, markup.length() - 1)).movePointLeft(2);
    }
    if (FRACTION.matcher(markup).matches()) {
      return new BigDecimal(markup);
    }
    throw new IllegalArgumentException(
        "--markup: "
            + markup
            + " (expected: a share such as 5%, or the same as a fraction below 1, 0.05)");
  }
}
