package io.penstock.server.simulate;

import io.penstock.budget.BudgetPlan;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.identity.Principal;
import io.penstock.core.price.PricedModel;
import io.penstock.core.route.HealthBoard;
import io.penstock.core.route.RouteTable;
import io.penstock.server.call.CacheRules;
import java.time.ZoneId;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What one configuration decides by. Immutable.
 *
 * @param name of its file, for the report
 * @param routes what clients may ask for
 * @param budgets budgets and rates
 * @param cache how answers are served again
 * @param clamp whether a cap is lowered to what a budget affords
 * @param zone of {@code hour} and {@code weekday}
 * @param directory keys, targets and prices
 */
public record Policy(
    String name,
    RouteTable routes,
    BudgetPlan budgets,
    Caching cache,
    boolean clamp,
    ZoneId zone,
    Directory directory) {

  /**
   * How answers are served again.
   *
   * @param exact rules of the exact layer
   * @param semantic the rules of the semantic layer in words; equal words decide alike
   * @param singleFlight whether equal calls in flight wait for one
   */
  public record Caching(List<CacheRules.Rule> exact, String semantic, boolean singleFlight) {
    /** Copies. */
    public Caching {
      exact = List.copyOf(exact);
    }
  }

  /**
   * A model of a configured provider.
   *
   * @param dialect the provider's
   * @param catalogue whose models count tokens alike
   * @param serves which endpoints it has
   */
  public record Target(
      PricedModel price,
      Dialect dialect,
      String catalogue,
      String region,
      Predicate<Endpoint> serves) {}

  /** Keys and targets by name. */
  public interface Directory {
    /** Returns the target, or null when the provider is not configured. */
    @Nullable Target target(String provider, String model);

    /** Returns who called: the key of that id, else a key of that team, else one without limits. */
    Principal principal(String key, String team);

    /** Returns when the breaker of that provider opens. */
    HealthBoard.BreakerSetting breaker(String provider);
  }
}
