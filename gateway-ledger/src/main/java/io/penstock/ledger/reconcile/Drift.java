package io.penstock.ledger.reconcile;

import java.time.LocalDate;
import java.util.List;

/**
 * One day, model and key on which ledger and provider were compared.
 *
 * @param model "" when the export does not tell models apart
 * @param key "" when it does not tell keys apart
 * @param ledgerCost nano-USD
 * @param providerCost nano-USD; equal to the ledger's when the export has usage only
 * @param ledgerTokens input and output
 * @param providerTokens input and output; -1 when the export has costs only
 * @param adjustments how many the ledger has already
 * @param causes likely ones, the likeliest first; empty without drift
 */
public record Drift(
    LocalDate day,
    String model,
    String key,
    long ledgerCost,
    long providerCost,
    long ledgerTokens,
    long providerTokens,
    int adjustments,
    List<Cause> causes) {
  public Drift {
    causes = List.copyOf(causes);
  }

  /** Returns what the provider charges beyond the ledger, nano-USD; negative: less. */
  public long difference() {
    return providerCost - ledgerCost;
  }

  /** Why the two may differ. */
  public enum Cause {
    /** The provider has it and the ledger has nothing: calls past the gateway. */
    OUTSIDE_THE_GATEWAY,
    /** The ledger has it and the provider has nothing: another account, or not billed yet. */
    NOT_IN_THE_EXPORT,
    /** The ledger's rows rest on estimates: aborted streams, crashes. */
    ESTIMATED_USAGE,
    /** Tokens agree and money does not: the catalogue or a discount is wrong. */
    PRICE_DIFFERS,
    /** The difference turns up with the other sign on the day before or after. */
    DAY_BOUNDARY,
    /** Tokens differ: retries that the ledger did not see, tools, hidden reasoning. */
    USAGE_DIFFERS
  }
}
