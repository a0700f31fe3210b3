package io.penstock.ledger;

import java.util.Set;

/**
 * What was found in the journals of processes that had died.
 *
 * @param journals how many
 * @param rows rows that the database did not have yet
 * @param crashed attempts without a row, booked at their bound
 * @param owners owners named in those journals: budgets close them with {@link
 *     LedgerQueries#ownerTotals}
 */
public record Recovery(int journals, long rows, long crashed, Set<Long> owners) {
  public Recovery {
    owners = Set.copyOf(owners);
  }
}
