package io.penstock.budget;

import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * What budgets shared in Redis need from the ledger that all replicas share. Methods return at
 * once; stages complete on any thread. A stage that fails is asked again.
 */
public interface LedgerFeed {
  /**
   * Commits every row of this process, then gives the sum of each counter whose window has not
   * ended over all rows whose owner is not of that epoch ({@link Owners#epochOf}).
   */
  CompletionStage<List<LedgerPart>> sumsOfOtherEpochs(long epoch);

  /** Commits every row of this process, then gives the sums of that owner's rows by counter. */
  CompletionStage<List<LedgerPart>> sumsOf(long owner);

  /**
   * A replica died: writes for each counter one row ({@code cause: crash}, estimated) that lifts
   * the ledger's total of (counter, owner) to this amount; idempotent.
   */
  CompletionStage<Void> crashed(long owner, List<Charge> totals);
}
