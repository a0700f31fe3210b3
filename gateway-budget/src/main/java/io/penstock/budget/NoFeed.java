package io.penstock.budget;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Of a store in process: it is told everything at start and has no other replicas. */
enum NoFeed implements LedgerFeed {
  INSTANCE;

  @Override
  public CompletionStage<List<LedgerPart>> sumsOfOtherEpochs(long epoch) {
    return CompletableFuture.completedStage(List.of());
  }

  @Override
  public CompletionStage<List<LedgerPart>> sumsOf(long owner) {
    return CompletableFuture.completedStage(List.of());
  }

  @Override
  public CompletionStage<Void> crashed(long owner, List<Charge> totals) {
    return CompletableFuture.completedStage(null);
  }
}
