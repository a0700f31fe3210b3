package io.penstock.server.call;

import java.util.ArrayList;
import java.util.Arrays;
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
final class Heard implements Guard.Owner {
  private final Map<String, CompletableFuture<Holding.Outcome>> budgets = new ConcurrentHashMap<>();
  private volatile @Nullable CompletableFuture<String> cache;
  private volatile @Nullable CompletableFuture<?> spent;

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

  /** Returns whether it is known what was spent on budgets; it is asked once. */
  boolean knowsSpent(Supplier<@Nullable CompletionStage<Void>> ask) {
    CompletableFuture<?> asked = spent;
    if (asked == null) {
      CompletionStage<Void> reading = ask.get();
      asked =
          reading == null ? CompletableFuture.completedFuture(null) : reading.toCompletableFuture();
      spent = asked;
    }
    return asked.isDone();
  }

  /** An answer could not be taken: nobody waits for it any more. */
  @Override
  public void broken(Throwable why) {
    asked().forEach(one -> one.completeExceptionally(why));
  }

  /** Returns all that were asked. */
  List<CompletableFuture<?>> asked() {
    List<CompletableFuture<?>> asked = new ArrayList<>(budgets.values());
    for (CompletableFuture<?> one : Arrays.asList(cache, spent)) {
      if (one != null) {
        asked.add(one);
      }
    }
    return asked;
  }

  /** Returns how many have answered. */
  int answered() {
    return (int) asked().stream().filter(CompletableFuture::isDone).count();
  }
}
