package io.penstock.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.price.PriceBook;
import io.penstock.core.price.PricedModel;
import io.penstock.providers.Target;
import io.penstock.server.call.ModelTable;
import io.penstock.server.call.ProviderRuntime;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.TargetRuntime;
import io.penstock.server.config.Config;
import io.penstock.server.config.Json;
import io.penstock.server.config.ModelConfig;
import io.penstock.server.config.ProviderConfig;
import io.penstock.server.config.TargetConfig;
import io.penstock.server.config.Word;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes a snapshot of a configuration that was checked. Runs off the event loops. */
final class SnapshotBuilder {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Config config;
  private final PriceBook prices;
  private final Map<String, ProviderRuntime> providers;
  private final Set<String> unpriced = new LinkedHashSet<>();

  SnapshotBuilder(Config config, PriceBook prices, Map<String, ProviderRuntime> providers) {
    this.config = config;
    this.prices = prices;
    this.providers = providers;
  }

  Snapshot build(long version, Snapshot.Identity identity) {
    Map<String, ProviderRuntime> passthrough = new LinkedHashMap<>();
    config
        .passthrough()
        .forEach((path, provider) -> {
          ProviderRuntime runtime = providers.get(provider);
          if (runtime != null) {
            passthrough.put(path, runtime);
          }
        });
    return new Snapshot(
        version,
        config,
        identity,
        models(),
        prices,
        providers,
        passthrough,
        new Snapshot.Limits(
            config.limits().inflight(),
            config.limits().body().bytes(),
            config.limits().inflightBytes().bytes()));
  }

  /** Returns the configured targets that have no price, for warnings. */
  Set<String> unpriced() {
    return unpriced;
  }

  private ModelTable models() {
    Map<String, ModelTable.Route> exact = new HashMap<>();
    List<ModelTable.Wildcard> wildcards = new ArrayList<>();
    config
        .models()
        .forEach((name, model) -> {
          if (name.indexOf('*') >= 0) {
            wildcards.add(new ModelTable.Wildcard(name, asked -> route(name, model, asked)));
          } else {
            exact.put(name, route(name, model, name));
          }
        });
    return new ModelTable(exact, wildcards);
  }

  private ModelTable.Route route(String name, ModelConfig model, String asked) {
    List<TargetRuntime> targets = new ArrayList<>();
    collect(model, asked, Snapshot.Parameters.NONE, targets);
    return new ModelTable.Route(name, targets, model.hold().toMillis());
  }

  private void collect(
      ModelConfig model, String asked, Snapshot.Parameters outer, List<TargetRuntime> into) {
    for (TargetConfig target : model.targets()) {
      Snapshot.Parameters parameters = merge(outer, target);
      ModelConfig nested = config.models().get(target.model());
      if (nested != null) {
        collect(nested, target.model(), parameters, into);
        continue;
      }
      TargetRuntime runtime = target(target.model().replace("*", asked), parameters, drops(model));
      if (runtime != null) {
        into.add(runtime);
      }
    }
  }

  private static boolean drops(ModelConfig model) {
    return model.onUnsupported() == Word.OnUnsupported.DROP;
  }

  private static Snapshot.Parameters merge(Snapshot.Parameters outer, TargetConfig target) {
    if (target.set().isEmpty() && target.defaults().isEmpty()) {
      return outer;
    }
    Map<String, JsonNode> set = new LinkedHashMap<>(tree(target.set()));
    Map<String, JsonNode> defaults = new LinkedHashMap<>(tree(target.defaults()));
    // The outer route is nearer to the client's wish: it wins.
    set.putAll(outer.set());
    defaults.putAll(outer.defaults());
    return new Snapshot.Parameters(set, defaults);
  }

  private static Map<String, JsonNode> tree(Map<String, Json> values) {
    Map<String, JsonNode> tree = new LinkedHashMap<>();
    values.forEach((name, json) -> {
      try {
        tree.put(name, MAPPER.readTree(json.text()));
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("the configuration's own JSON is not JSON", e);
      }
    });
    return tree;
  }

  private @Nullable TargetRuntime target(
      String label, Snapshot.Parameters parameters, boolean drop) {
    int slash = label.indexOf('/');
    ProviderRuntime provider = slash < 0 ? null : providers.get(label.substring(0, slash));
    if (provider == null) {
      // A provider without a usable key: warned of when the configuration was loaded.
      return null;
    }
    String model = label.substring(slash + 1);
    ProviderConfig from = config.providers().get(provider.name());
    PricedModel price = price(from, provider, model, label);
    if (!price.isPriced()) {
      unpriced.add(label);
    }
    return new TargetRuntime(
        label,
        provider,
        new Target(
            provider.name(), provider.dialect(), model, provider.region(), provider.options()),
        price,
        parameters.set(),
        parameters.defaults(),
        drop);
  }

  private PricedModel price(
      @Nullable ProviderConfig from, ProviderRuntime provider, String model, String label) {
    if (from != null && from.free()) {
      return prices.free(model);
    }
    String catalogue = from == null ? null : from.catalogue();
    if (catalogue == null) {
      boolean own = prices.providers().contains(provider.name());
      catalogue = own ? provider.name() : provider.dialect().label();
    }
    return prices.price(catalogue, model, label, provider.region());
  }
}
