package io.penstock.server.targets;

import io.penstock.core.Ticker;
import io.penstock.core.route.HealthBoard;
import io.penstock.core.route.Placements;
import io.penstock.core.route.ScoreBoard;
import io.penstock.core.route.ShareBudget;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What routing learns while the process lives, across reloads: health, placements, retry budgets.
 * Thread-safe.
 */
public final class Routing {
  private static final int MAX_PLACEMENTS = 100_000;

  /** Most retries of a provider, or hedges of a route, in a row. */
  private static final int BURST = 10;

  private final HealthBoard health;
  private final Placements placements;
  private final ConcurrentHashMap<Share, ShareBudget> retries = new ConcurrentHashMap<>();
  private final ShadowBoard shadows = new ShadowBoard();
  private final ConcurrentHashMap<Share, ShareBudget> hedges = new ConcurrentHashMap<>();
  private final ScoreBoard scores = new ScoreBoard();
  private final PrefixMemory prefixes;

  /** Whose share of extra calls: one that a reload changed begins anew. */
  private record Share(String of, double share) {}

  /**
   * Creates an empty memory.
   *
   * @param breakers the breaker of a provider's name
   * @param opened hears which target's breaker has opened; must not block
   */
  public Routing(
      Ticker ticker,
      Function<String, HealthBoard.BreakerSetting> breakers,
      Consumer<String> opened) {
    this.health = new HealthBoard(ticker, breakers, opened);
    this.placements = new Placements(ticker, MAX_PLACEMENTS);
    this.prefixes = new PrefixMemory(ticker, MAX_PLACEMENTS);
  }

  /** Returns the health of all targets. */
  public HealthBoard health() {
    return health;
  }

  /** Returns where conversations were answered. */
  public Placements placements() {
    return placements;
  }

  /** Returns which prompts were read a moment ago. */
  public PrefixMemory prefixes() {
    return prefixes;
  }

  /** Returns what shadows have shown. */
  public ShadowBoard shadows() {
    return shadows;
  }

  /** Returns what routers have scored. */
  public ScoreBoard scores() {
    return scores;
  }

  /** Returns the budget of a route's hedges. */
  public ShareBudget hedges(String route, double share) {
    return budget(hedges, new Share(route, share));
  }

  /** Returns the budget of a provider's retries. */
  public ShareBudget retries(ProviderRuntime provider) {
    return budget(retries, new Share(provider.name(), provider.retryShare()));
  }

  private static ShareBudget budget(ConcurrentHashMap<Share, ShareBudget> budgets, Share share) {
    ShareBudget known = budgets.get(share);
    return known != null
        ? known
        : budgets.computeIfAbsent(share, key -> new ShareBudget(key.share(), BURST));
  }
}
