package io.penstock.server.call;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What an explanation has asked of stores. They answer later, and it is made again until all have.
 * Written on the loop that decides, awaited by whoever wants the explanation.
 */
final class Heard {
  private final Map<String, CompletableFuture<Holding.Outcome>> budgets = new ConcurrentHashMap<>();
  private volatile @Nullable CompletableFuture<String> cache;

  /** Returns what budgets have said of a target. */
  Map<String, CompletableFuture<Holding.Outcome>> budgets() {
    return budgets;
  }

  /** Returns what the cache has said; it is asked once. */
  CompletableFuture<String> cache(Supplier<CompletionStage<String>> ask) {
    CompletableFuture<String> asked = cache;
    if (asked == null) {
      asked = ask.get().toCompletableFuture();
      cache = asked;
    }
    return asked;
  }

  /** Returns who has not answered yet. */
  List<CompletableFuture<?>> awaited() {
    List<CompletableFuture<?>> awaited = new ArrayList<>(budgets.values());
    CompletableFuture<String> asked = cache;
    if (asked != null) {
      awaited.add(asked);
    }
    awaited.removeIf(CompletableFuture::isDone);
    return awaited;
  }
}
