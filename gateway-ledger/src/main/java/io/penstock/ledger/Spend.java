package io.penstock.ledger;

import java.util.List;

/**
 * The answer to a {@link SpendQuery}.
 *
 * @param lines one per group, dearest first
 * @param total over all rows of the period; with {@code budget} among the dimensions less than the
 *     sum of the lines, because a row counts under each of its budgets
 * @param fromRows whether rows had to be read because roll-ups do not have a dimension; rows older
 *     than {@code ledger.retain} are then missing
 */
public record Spend(List<SpendLine> lines, SpendLine total, boolean fromRows) {
  public Spend {
    lines = List.copyOf(lines);
  }
}
