package io.penstock.server.targets;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.price.PricedModel;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.RouteSpec;
import io.penstock.core.route.RouteTable;
import io.penstock.core.route.TargetSpec;
import io.penstock.providers.Target;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Targets by {@code provider/model}, made once per snapshot and kept, up to a bound: a wildcard
 * lets clients make up names. Thread-safe.
 */
public final class Targets {
  private static final int MAX_KEPT = 4096;

  /** What metrics call a model that neither the configuration nor the catalogue names. */
  public static final String OTHER = "other";

  private final Map<String, ProviderRuntime> providers;
  private final Set<String> named;
  private final BiFunction<ProviderRuntime, String, PricedModel> prices;
  private final ConcurrentHashMap<String, TargetRuntime> kept = new ConcurrentHashMap<>();

  /** Of the routes that budgets name: as many as there are budgets. */
  private final ConcurrentHashMap<String, Boolean> writing = new ConcurrentHashMap<>();

  /**
   * Creates the targets of a snapshot.
   *
   * @param providers the usable ones, by name
   * @param named every {@code provider/model} that the configuration has in so many words
   * @param prices gives what a provider's model costs
   */
  public Targets(
      Map<String, ProviderRuntime> providers,
      Set<String> named,
      BiFunction<ProviderRuntime, String, PricedModel> prices) {
    this.providers = providers;
    this.named = Set.copyOf(named);
    this.prices = prices;
  }

  /** Returns the target, or null when its provider can't be used (no key). */
  public @Nullable TargetRuntime find(String provider, String model) {
    return find(provider + "/" + model, provider, model);
  }

  private @Nullable TargetRuntime find(String label, String provider, String model) {
    TargetRuntime known = kept.get(label);
    if (known != null) {
      return known;
    }
    ProviderRuntime runtime = providers.get(provider);
    if (runtime == null) {
      return null;
    }
    PricedModel price = prices.apply(runtime, model);
    String id = named.contains(label) ? model : price.id();
    TargetRuntime made =
        new TargetRuntime(
            label,
            runtime,
            new Target(provider, runtime.dialect(), model, runtime.region(), runtime.options()),
            price,
            Map.of(),
            Map.of(),
            false,
            id == null ? OTHER : id);
    if (kept.size() < MAX_KEPT) {
      kept.put(label, made);
    }
    return made;
  }

  /**
   * Returns what a provider's model is called where names must not grow with what clients make up:
   * as the configuration names it, else by the catalogue's id, else {@code other}.
   */
  public String shownModel(String provider, String model) {
    if (model.isEmpty()) {
      return "";
    }
    TargetRuntime target = find(provider, model);
    return target == null ? OTHER : target.shownModel();
  }

  /** Returns the targets of a provider that are configured or were asked for. */
  public List<String> labels(ProviderRuntime provider) {
    return kept.values().stream()
        .filter(target -> target.provider().name().equals(provider.name()))
        .map(TargetRuntime::label)
        .toList();
  }

  /** Returns the target of a candidate with what its routes say of the body. */
  public @Nullable TargetRuntime find(Candidate candidate) {
    TargetRuntime bare = find(candidate.target(), candidate.provider(), candidate.model());
    boolean drop = candidate.options().dropUnsupported();
    TargetSpec spec = candidate.spec();
    if (bare == null || (spec.set().isEmpty() && spec.defaults().isEmpty() && !drop)) {
      return bare;
    }
    return new TargetRuntime(
        bare.label(),
        bare.provider(),
        bare.target(),
        bare.price(),
        json(spec.set()),
        json(spec.defaults()),
        drop,
        bare.shownModel());
  }

  /** Returns what a route says of the body, as JSON. */
  public static Map<String, JsonNode> json(Map<String, Object> values) {
    Map<String, JsonNode> json = new HashMap<>();
    values.forEach((name, value) -> json.put(name, (JsonNode) value));
    return json;
  }

  /** Returns the targets that a route may reach, in the order of the configuration. */
  public List<TargetRuntime> reachable(RouteTable table, RouteTable.Found route) {
    return reachable(table, route, this::find);
  }

  /** Returns whether a budget may redirect calls to that route: walked once for all calls. */
  public boolean writeText(RouteTable table, RouteTable.Found route) {
    return writing.computeIfAbsent(
        route.name(), name -> Redirection.fits(reachable(table, route, this::writer)));
  }

  private Redirection.@Nullable Writer writer(String provider, String model) {
    TargetRuntime found = find(provider, model);
    return found == null ? null : new Redirection.Writer(found.price(), found.target().dialect());
  }

  /** Finds a model of a provider. */
  @FunctionalInterface
  public interface Finder<T> {
    /** Returns null when the provider is not configured. */
    @Nullable T find(String provider, String model);
  }

  /** Does the same for targets of another kind. */
  static <T> List<T> reachable(RouteTable table, RouteTable.Found route, Finder<T> finder) {
    List<T> found = new ArrayList<>();
    collect(table, route.spec(), route.rest(), finder, found);
    return found;
  }

  private static <T> void collect(
      RouteTable table, RouteSpec spec, String rest, Finder<T> finder, List<T> into) {
    for (TargetSpec target : spec.targets()) {
      String name = target.model().replace("*", rest);
      int slash = name.indexOf('/');
      RouteTable.Found nested = table.names().contains(name) ? table.find(name) : null;
      T one = slash > 0 ? finder.find(name.substring(0, slash), name.substring(slash + 1)) : null;
      if (one != null) {
        into.add(one);
      } else if (nested != null) {
        collect(table, nested.spec(), nested.rest(), finder, into);
      }
    }
  }
}
