package io.penstock.core.route;

import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * What routers have scored while the process lives, across reloads: each has its own scale, so each
 * has its own {@link ScoreShares}. Any thread.
 */
public final class ScoreBoard {
  private final ConcurrentHashMap<String, ScoreShares> shares = new ConcurrentHashMap<>();

  /** Counts a prompt's score, 0..1, once per request and router. */
  public void seen(Router router, double score) {
    of(router).seen(score);
  }

  /** Returns the score above which that share of the router's prompts lies. */
  public double threshold(Router router, double share) {
    return of(router).threshold(share);
  }

  /** Forgets routers, by their id, that no configuration has any more. */
  public void retain(Predicate<String> inUse) {
    shares.keySet().removeIf(inUse.negate());
  }

  private ScoreShares of(Router router) {
    ScoreShares known = shares.get(router.id());
    return known != null
        ? known
        : shares.computeIfAbsent(router.id(), id -> new ScoreShares(router));
  }
}
