package io.penstock.server;

import io.penstock.ledger.statement.StatementTerms;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** What a platform charges beyond what calls cost: options of each command that makes a bill. */
final class ChargebackOptions {
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

  /** A share such as 5% or 0.05, as it is added to amounts. */
  private BigDecimal share() {
    boolean percent = markup.endsWith("%");
    try {
      BigDecimal number =
          new BigDecimal(percent ? markup.substring(0, markup.length() - 1) : markup);
      if (number.signum() >= 0) {
        return percent ? number.movePointLeft(2) : number;
      }
    } catch (NumberFormatException e) {
      // Reported below, with the value.
    }
    throw new IllegalArgumentException("--markup: " + markup + " (expected: a share such as 5%)");
  }
}
