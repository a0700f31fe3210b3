package io.penstock.ledger;

import java.util.Set;

/**
 * What was found in the journals of processes that had died.
 *
 * @param journals how many
 * @param damaged how many of them are set aside, because records of them may be lost
 * @param rows rows that the database did not have yet
 * @param crashed attempts without a row, booked at their bound
 * @param crashCost of those attempts, nano-USD
 * @param owners owners named in those journals of which nothing is lost: budgets close them with
 *     {@link LedgerQueries#ownerTotals}; the others stay charged what they were granted
 */
public record Recovery(
    int journals, int damaged, long rows, long crashed, long crashCost, Set<Long> owners) {
  public Recovery {
    owners = Set.copyOf(owners);
  }
}
