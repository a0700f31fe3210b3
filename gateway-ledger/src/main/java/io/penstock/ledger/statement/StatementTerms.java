package io.penstock.ledger.statement;

import java.math.BigDecimal;
import java.util.List;

/**
 * What is added to the cost of the calls.
 *
 * @param markup share of the usage, 0.05 for 5 %; 0 for showback
 * @param shared costs of the platform per month, split over the teams by their usage
 */
public record StatementTerms(BigDecimal markup, List<Shared> shared) {
  /** Showback: only what the calls cost. */
  public static final StatementTerms SHOWBACK = new StatementTerms(BigDecimal.ZERO, List.of());

  public StatementTerms {
    shared = List.copyOf(shared);
  }

  /**
   * A cost that no call has: a gateway's machines, a commitment that nobody used.
   *
   * @param name as on the statement
   * @param amount nano-USD per month
   */
  public record Shared(String name, long amount) {}
}
