package io.penstock.server.command;

import io.penstock.core.identity.NameSet;
import io.penstock.core.identity.Principal;
import io.penstock.core.price.PriceBook;
import io.penstock.core.route.HealthBoard;
import io.penstock.core.route.RouteTable;
import io.penstock.core.rule.Conditions;
import io.penstock.providers.Provider;
import io.penstock.providers.dialect.Providers;
import io.penstock.server.config.Config;
import io.penstock.server.config.ProviderConfig;
import io.penstock.server.config.TeamConfig;
import io.penstock.server.simulate.Policy;
import io.penstock.server.snapshot.BudgetMapping;
import io.penstock.server.snapshot.CacheMapping;
import io.penstock.server.snapshot.KeyIdentity;
import io.penstock.server.snapshot.Prices;
import io.penstock.server.snapshot.ProviderFactory;
import io.penstock.server.snapshot.RouteMapping;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A configuration as a policy to replay. Every configured provider counts, also one whose
 * credential is not on this machine. Confined to one thread.
 */
final class PolicyDirectory implements Policy.Directory {
  private final Config config;
  private final PriceBook prices;
  private final Map<String, Policy.@Nullable Target> targets = new HashMap<>();
  private final Map<String, Principal> principals = new HashMap<>();

  private PolicyDirectory(Config config, PriceBook prices) {
    this.config = config;
    this.prices = prices;
  }

  /**
   * Returns the policy.
   *
   * @param name for the report
   * @param prices that it goes by
   * @throws IllegalArgumentException with every problem, one a line
   */
  static Policy policy(String name, Config config, PriceBook prices) {
    Conditions conditions = new Conditions();
    RouteTable routes = new RouteMapping(conditions).table(config);
    return new Policy(
        name,
        routes,
        new BudgetMapping(conditions).plan(config),
        new Policy.Caching(
            new CacheMapping(config, conditions, routes).rules().rules(),
            config.cache().semantic().toString(),
            config.cache().singleflight()),
        config.clamp().isOn(),
        config.timezone(),
        new PolicyDirectory(config, prices));
  }

  @Override
  public Policy.@Nullable Target target(String provider, String model) {
    String label = provider + "/" + model;
    if (!targets.containsKey(label)) {
      targets.put(label, find(provider, model));
    }
    return targets.get(label);
  }

  private Policy.@Nullable Target find(String provider, String model) {
    ProviderConfig from = config.providers().get(provider);
    if (from == null) {
      return null;
    }
    Provider dialect = Providers.of(from.dialect());
    String catalogue = from.catalogue() == null ? from.dialect().label() : from.catalogue();
    return new Policy.Target(
        Prices.target(prices, provider, from, model),
        from.dialect(),
        catalogue,
        from.region(),
        dialect::serves);
  }

  @Override
  public Principal principal(String key, String team) {
    return principals.computeIfAbsent(key + "\n" + team, id -> who(key, team));
  }

  private Principal who(String key, String team) {
    Principal named = KeyIdentity.named(config, key);
    if (named != null) {
      return named;
    }
    TeamConfig of = config.teams().get(team);
    return of == null
        ? Principal.of(key, team, "", "")
        : new Principal(
            key,
            team,
            "",
            "",
            of.metadata(),
            List.of(),
            NameSet.of(of.models()),
            NameSet.NONE,
            of.deny(),
            List.of(),
            Long.MAX_VALUE);
  }

  @Override
  public HealthBoard.BreakerSetting breaker(String provider) {
    return ProviderFactory.breaker(config, provider);
  }
}
