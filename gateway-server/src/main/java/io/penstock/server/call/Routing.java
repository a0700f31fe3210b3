package io.penstock.server.call;

import io.penstock.core.Ticker;
import io.penstock.core.route.HealthBoard;
import io.penstock.core.route.Placements;
import io.penstock.core.route.PromptFeatures;
import io.penstock.core.route.Router;
import io.penstock.core.route.ScoreShares;
import io.penstock.core.route.ShareBudget;
import java.util.concurrent.ConcurrentHashMap;
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
  private final Router router = Router.shipped();
  private final ScoreShares shares = new ScoreShares(router);

  /**
   * Creates an empty memory.
   *
   * @param breakers the breaker of a provider's name
   */
  public Routing(Ticker ticker, Function<String, HealthBoard.BreakerSetting> breakers) {
    this.health = new HealthBoard(ticker, breakers);
    this.placements = new Placements(ticker, MAX_PLACEMENTS);
  }

  /** Returns the health of all targets. */
  public HealthBoard health() {
    return health;
  }

  /** Returns where conversations were answered. */
  public Placements placements() {
    return placements;
  }

  /** Returns what shadows have shown. */
  public ShadowBoard shadows() {
    return shadows;
  }

  /** Returns how much a prompt needs a strong model, 0..1; counts it. */
  double complexity(Conversation conversation) {
    double score = router.score(PromptFeatures.of(conversation.text(), conversation.tools()), null);
    shares.seen(score);
    return score;
  }

  /** Returns the score above which that share of the traffic lies. */
  public double threshold(double share) {
    return shares.threshold(share);
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
