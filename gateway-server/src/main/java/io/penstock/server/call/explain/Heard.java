package io.penstock.server.call.explain;

import io.penstock.server.call.Guard;
import io.penstock.server.call.serve.Holding;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What an explanation has asked of stores, each once. Those that answer later are waited for, and
 * it is made again. Used by one thread at a time: the loop that decides, then whoever waits.
 */
final class Heard implements Guard.Owner {
  private final Map<String, CompletableFuture<Holding.Outcome>> budgets = new HashMap<>();
  private final Set<CompletableFuture<?>> missed = new HashSet<>();
  private @Nullable CompletableFuture<String> cache;
  private @Nullable CompletableFuture<?> spent;

  /**
   * Returns what budgets have said of a target, null while they have not; they are asked once.
   *
   * @param ask may throw: then nobody was asked
   */
  Holding.@Nullable Outcome budgets(
      String target, Supplier<CompletableFuture<Holding.Outcome>> ask) {
    CompletableFuture<Holding.Outcome> asked = budgets.get(target);
    if (asked == null) {
      asked = ask.get();
      budgets.put(target, asked);
    }
    return hasAnswered(asked) ? asked.getNow(null) : null;
  }

  /** Returns what the cache has said, null while it has not; it is asked once. */
  @Nullable String cache(Supplier<CompletionStage<String>> ask) {
    CompletableFuture<String> asked = cache;
    if (asked == null) {
      asked = ask.get().toCompletableFuture();
      cache = asked;
    }
    return hasAnswered(asked) ? asked.getNow(null) : null;
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
    return hasAnswered(asked);
  }

  /** An answer could not be taken: nobody waits for any of them any more. */
  @Override
  public void broken(Throwable why) {
    budgets.values().forEach(asked -> asked.completeExceptionally(why));
    for (CompletableFuture<?> asked : Arrays.asList(cache, spent)) {
      if (asked != null) {
        asked.completeExceptionally(why);
      }
    }
  }

  /** By what was seen: an answer that comes a moment later was not part of the decision. */
  private boolean hasAnswered(CompletableFuture<?> asked) {
    boolean answered = asked.isDone();
    if (!answered) {
      missed.add(asked);
    }
    return answered;
  }

  /**
   * Returns what had no answer when it was looked at since this was last called: with it the
   * decision is another. None: the decision stands.
   */
  Set<CompletableFuture<?>> takeMissed() {
    Set<CompletableFuture<?>> taken = Set.copyOf(missed);
    missed.clear();
    return taken;
  }
}
