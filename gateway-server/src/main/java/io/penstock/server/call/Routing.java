package io.penstock.server.call;

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
  private static final int RETRY_BURST = 10;
  private static final int HEDGE_BURST = 10;

  private final HealthBoard health;
  private final Placements placements;
  private final ConcurrentHashMap<String, ShareBudget> retries = new ConcurrentHashMap<>();
  private final ShadowBoard shadows = new ShadowBoard();
  private final ConcurrentHashMap<String, ShareBudget> hedges = new ConcurrentHashMap<>();
  private final ScoreBoard scores = new ScoreBoard();
  private final PrefixMemory prefixes;

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
  PrefixMemory prefixes() {
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

  /** Returns the budget of a route's hedges; a share that a reload changed begins anew. */
  ShareBudget hedges(String route, double share) {
    String name = route + ' ' + share;
    ShareBudget known = hedges.get(name);
    return known != null
        ? known
        : hedges.computeIfAbsent(name, key -> new ShareBudget(share, HEDGE_BURST));
  }

  /** Returns the budget of a provider's retries. */
  ShareBudget retries(ProviderRuntime provider) {
    ShareBudget known = retries.get(provider.name());
    return known != null
        ? known
        : retries.computeIfAbsent(
            provider.name(), name -> new ShareBudget(provider.retryShare(), RETRY_BURST));
  }
}
