package io.penstock.server;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.budget.BudgetPlan;
import io.penstock.core.price.PriceBook;
import io.penstock.core.route.HealthBoard;
import io.penstock.core.route.RouteTable;
import io.penstock.core.rule.Condition;
import io.penstock.core.rule.Conditions;
import io.penstock.server.alerts.Alerts;
import io.penstock.server.auth.CredentialFetcher;
import io.penstock.server.call.SemanticRules;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.serve.Shared;
import io.penstock.server.config.BudgetConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.RateConfig;
import io.penstock.server.identity.TokenIssuers;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.snapshot.BudgetMapping;
import io.penstock.server.snapshot.CacheMapping;
import io.penstock.server.snapshot.CloudCredentials;
import io.penstock.server.snapshot.KeyIdentity;
import io.penstock.server.snapshot.Prices;
import io.penstock.server.snapshot.ProviderFactory;
import io.penstock.server.snapshot.SnapshotBuilder;
import io.penstock.server.targets.TargetRuntime;
import java.io.IOException;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Puts a configuration in force in all that a gateway shares, and keeps what outlives one: compiled
 * conditions, connections of providers, keys of token issuers. Guarded by whoever calls it; nothing
 * here runs on an event loop.
 */
final class Installer implements AutoCloseable {
  private final Shared shared;
  private final CallMetrics metrics;
  private final Alerts alerts;
  private final Conditions conditions = new Conditions();
  private final ProviderFactory providers;
  private final TokenIssuers issuers;

  Installer(Shared shared, IntSupplier demoPort, CallMetrics metrics, Alerts alerts) {
    this.shared = shared;
    this.metrics = metrics;
    this.alerts = alerts;
    this.issuers = new TokenIssuers(shared.ticker());
    this.providers =
        new ProviderFactory(
            shared.ticker(),
            demoPort,
            new CloudCredentials(new CredentialFetcher(shared.ticker()), System.getenv()));
  }

  /**
   * Puts a configuration in force; when it throws, nothing has begun, ended or changed.
   *
   * @param listed the price catalogue beneath what the configuration says of prices
   * @param version that it will have
   * @throws IOException when it cannot be applied
   */
  void install(Config config, JsonNode listed, long version) throws IOException {
    PriceBook prices = Prices.of(listed, config.prices());
    Set<Condition> used = Collections.newSetFromMap(new IdentityHashMap<>());
    Conditions watched = conditions.seenBy(used::add);
    BudgetPlan plan = new BudgetMapping(watched).plan(config);
    Snapshot before = shared.snapshot().get();
    SnapshotBuilder builder =
        new SnapshotBuilder(
            config,
            prices,
            providers.make(config.providers()),
            watched,
            before == null ? SemanticRules.NONE : before.semantic());
    Snapshot.Identity identity = KeyIdentity.of(config, issuers.make(config), shared.ticker());
    Snapshot made = builder.build(version, identity, shared.routing(), shared.ticker());
    shared.hits().recall(made.semantic());
    shared.snapshot().set(made);
    follow(before, config, made.routes());
    shared.budgets().reload(plan);
    conditions.retain(used::contains);
    HealthBoard health = shared.routing().health();
    for (TargetRuntime target : builder.reachable()) {
      metrics
          .breakers()
          .show(health, target.label(), target.provider().name(), target.shownModel());
    }
    shared.cache().resize(CacheMapping.maxBytes(config));
    metrics.refusing(
        config.budgets().stream().map(BudgetConfig::name).toList(),
        config.rates().stream().map(RateConfig::name).toList());
    builder.unpriced().forEach(alerts::unpriced);
  }

  /** What depends on the configuration and is no part of a snapshot. */
  private void follow(@Nullable Snapshot before, Config config, RouteTable routes) {
    if (before != null && !before.config().log().equals(config.log())) {
      Logging.configure(config.log());
    }
    if (!config.cache().semantic().isEmpty()) {
      shared.semantic().follow();
    }
    routers(routes);
    issuers.applied();
    providers.applied();
    shared.routing().health().retain(name -> config.providers().containsKey(provider(name)));
    if (before != null) {
      // A new key or address may be what was missing.
      shared.routing().health().renew(name -> isChanged(provider(name), before.config(), config));
    }
  }

  private static boolean isChanged(String provider, Config before, Config after) {
    return !Objects.equals(before.providers().get(provider), after.providers().get(provider));
  }

  private static String provider(String target) {
    return target.substring(0, Math.max(0, target.indexOf('/')));
  }

  /** What no route asks any more is forgotten; the model that one needs is loaded before calls. */
  private void routers(RouteTable routes) {
    Set<String> ids = new HashSet<>();
    routes.routers().forEach(router -> ids.add(router.id()));
    shared.routing().scores().retain(ids::contains);
    if (routes.usesEmbedding()) {
      shared.semantic().embed("");
    }
  }

  @Override
  public void close() {
    issuers.close();
    providers.close();
  }
}
