package io.penstock.server.snapshot;

import io.penstock.core.Ticker;
import io.penstock.core.body.BodyMemory;
import io.penstock.core.identity.NameSet;
import io.penstock.core.price.PriceBook;
import io.penstock.core.price.PricedModel;
import io.penstock.core.route.Planner;
import io.penstock.core.route.Problem;
import io.penstock.core.route.RouteTable;
import io.penstock.core.rule.Conditions;
import io.penstock.server.call.PassedPath;
import io.penstock.server.call.SemanticRules;
import io.penstock.server.call.Snapshot;
import io.penstock.server.config.BudgetConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.ModelConfig;
import io.penstock.server.config.ProviderConfig;
import io.penstock.server.targets.Baselines;
import io.penstock.server.targets.ProviderRuntime;
import io.penstock.server.targets.Routing;
import io.penstock.server.targets.TargetRuntime;
import io.penstock.server.targets.Targets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Makes a snapshot of a configuration that was checked. Runs off the event loops. */
public final class SnapshotBuilder {
  private final Config config;
  private final PriceBook prices;
  private final Map<String, ProviderRuntime> providers;
  private final Conditions conditions;
  private final SemanticRules known;
  private final Set<String> unpriced = new TreeSet<>();
  private final Set<String> budgetsRead = new HashSet<>();
  private final List<TargetRuntime> reachable = new ArrayList<>();

  /**
   * Prepares it.
   *
   * @param known the semantic rules until now, whose checks still count
   */
  public SnapshotBuilder(
      Config config,
      PriceBook prices,
      Map<String, ProviderRuntime> providers,
      Conditions conditions,
      SemanticRules known) {
    this.known = known;
    this.config = config;
    this.prices = prices;
    this.providers = providers;
    this.conditions = conditions.seenBy(read -> budgetsRead.addAll(read.budgets()));
  }

  /**
   * Builds it.
   *
   * @throws IllegalArgumentException with every problem of the routes, one a line
   */
  public Snapshot build(long version, Snapshot.Identity identity, Routing routing, Ticker ticker) {
    RouteTable routes = new RouteMapping(conditions).table(config);
    List<Problem> problems = new EndpointCheck(routes, providers, this::listed).problems();
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(
          String.join("\n", problems.stream().map(Problem::toString).toList()));
    }
    Set<String> named = named();
    Targets targets = new Targets(providers, named, this::price);
    for (String name : routes.names()) {
      RouteTable.Found route = Objects.requireNonNull(routes.find(name));
      reachable.addAll(targets.reachable(routes, route));
    }
    inSoManyWords(targets, named);
    Baselines baselines =
        new Baselines(
            routes,
            List.copyOf(config.providers().keySet()),
            this::listed,
            this::namedExactly,
            ticker.epochMillis());
    for (ModelConfig model : config.models().values()) {
      String baseline = model.baseline();
      if (baseline != null && !baselines.hasPrice(baseline)) {
        unpriced.add(baseline);
      }
    }
    CacheMapping exact = new CacheMapping(config, conditions, routes);
    SemanticRules semantic =
        new SemanticMapping(config, conditions, exact, targets, this::listed).rules(known);
    return new Snapshot(
        version,
        config,
        identity,
        routes,
        new Planner(routes, routing.health(), routing.placements(), ticker, routing.scores()),
        targets,
        routing,
        exact.rules(),
        semantic,
        prices,
        baselines,
        providers,
        passthrough(),
        Set.copyOf(budgetsRead),
        Snapshot.Limits.of(
            config.limits().inflight(),
            config.limits().body().bytes(),
            config.limits().inflightBytes().bytes(),
            BodyMemory.HEAP.most()));
  }

  /** By what is named and not by what a name reaches: a wildcard has fixed targets too. */
  private void inSoManyWords(Targets targets, Set<String> named) {
    for (String name : named) {
      int slash = name.indexOf('/');
      TargetRuntime target =
          slash > 0 && name.indexOf('*') < 0
              ? targets.find(name.substring(0, slash), name.substring(slash + 1))
              : null;
      if (target == null) {
        continue;
      }
      reachable.add(target);
      if (!target.price().isPriced()) {
        unpriced.add(name);
      }
    }
  }

  /** Returns all that the configuration asks, by the name that it gives it. */
  private Set<String> named() {
    Set<String> names = new HashSet<>();
    for (ModelConfig model : config.models().values()) {
      model.targets().forEach(target -> names.add(target.model()));
      model.rules().forEach(rule -> names.add(rule.use()));
      if (model.shadow() != null) {
        names.add(model.shadow().model());
      }
    }
    for (BudgetConfig budget : config.budgets()) {
      if (budget.over().use() != null) {
        names.add(budget.over().use());
      }
    }
    config.cache().semantic().forEach(rule -> names.add(rule.embedder()));
    return names;
  }

  /** Returns the configured targets and baselines that have no price, for warnings. */
  public Set<String> unpriced() {
    return unpriced;
  }

  /** Returns the configured targets. */
  public List<TargetRuntime> reachable() {
    return reachable;
  }

  private Map<String, PassedPath> passthrough() {
    Map<String, PassedPath> passthrough = new LinkedHashMap<>();
    config
        .passthrough()
        .forEach((path, entry) -> {
          ProviderRuntime runtime = providers.get(entry.provider());
          if (runtime != null) {
            List<String> teams = entry.teams().isEmpty() ? List.of("*") : entry.teams();
            passthrough.put(
                path, new PassedPath(path, runtime, NameSet.of(teams), entry.methods()));
          }
        });
    return passthrough;
  }

  private PricedModel price(ProviderRuntime provider, String model) {
    ProviderConfig from = Objects.requireNonNull(config.providers().get(provider.name()));
    return Prices.target(prices, provider.name(), from, model);
  }

  private @Nullable PricedModel namedExactly(String provider, String model) {
    ProviderConfig from = config.providers().get(provider);
    return from == null ? null : Prices.named(prices, provider, from, model);
  }

  private @Nullable PricedModel listed(String provider, String model) {
    ProviderConfig from = config.providers().get(provider);
    return from == null ? null : Prices.listed(prices, provider, from, model);
  }
}
